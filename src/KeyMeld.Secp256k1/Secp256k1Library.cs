using KeyMeld.Secp256k1.Interop;

namespace KeyMeld.Secp256k1;

/// <summary>The state of the native library (libsecp256k1, bitcoin-core/secp256k1, 0.7 or later with its musig module).</summary>
public static class Secp256k1Library
{
    /// <summary>
    /// Loads the library, if that has not happened yet: all symbols present, its own self test, structure sizes, one known answer each of BIP-340 and BIP-327.
    /// Every other member of this assembly does the same at first use; a program calls this at its start in order to fail there.
    /// </summary>
    /// <exception cref="Secp256k1UnavailableException">The library is absent or did not pass; the message says what to install.</exception>
    public static void EnsureReady() => _ = NativeContext.Pointer;

    /// <summary>
    /// How often the library refused an argument (its illegal-argument callback) since the start of the process. Always 0 unless there is a bug in this
    /// binding or memory was corrupted: worth an alarm.
    /// </summary>
    public static long RefusedCalls => Misuse.Count;
}

/// <summary>libsecp256k1 is absent, too old, or not what this binding was written for. The message says what to install.</summary>
public sealed class Secp256k1UnavailableException : Exception
{
    /// <summary>Creates the exception.</summary>
    public Secp256k1UnavailableException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}
