using KeyMeld.Secp256k1.Memory;

namespace KeyMeld.Secp256k1.Interop;

/// <summary>
/// The one secp256k1_context. It is randomised against side channels when it is made, and not changed afterwards, so that all threads may share it. Nobody
/// gets it before the library has passed <see cref="NativeSelfTest"/>.
/// </summary>
internal static class NativeContext
{
    private static readonly Lock s_creation = new();
    private static nint s_pointer;

    /// <exception cref="Secp256k1UnavailableException">The library is absent or is not what this binding was written for.</exception>
    public static nint Pointer
    {
        get
        {
            var pointer = Volatile.Read(ref s_pointer);
            return pointer != 0 ? pointer : Create();
        }
    }

    private static nint Create()
    {
        lock (s_creation)
        {
            if (s_pointer != 0)
                return s_pointer;
            try
            {
                Native.secp256k1_selftest();
                var context = Native.secp256k1_context_create(Native.SECP256K1_CONTEXT_NONE);
                if (context == 0)
                    throw new Secp256k1UnavailableException("libsecp256k1 made no context.");
                Misuse.Install(context);
                using var seed = SecretScalarHandle.Random();
                if (Native.secp256k1_context_randomize(context, seed) != 1)
                    throw new Secp256k1UnavailableException("libsecp256k1 did not accept the seed of its context.");
                NativeSelfTest.Run(context);
                Volatile.Write(ref s_pointer, context);
                return context;
            }
            catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException or BadImageFormatException)
            {
                throw new Secp256k1UnavailableException(e.Message, e);
            }
        }
    }
}
