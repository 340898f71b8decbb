using System.Diagnostics.CodeAnalysis;

namespace KeyMeld.Wire.Transport;

/// <summary>Where an enclave listens. A closed set: what a string may name is what <see cref="TryParse"/> accepts.</summary>
public abstract record EnclaveAddress
{
    private EnclaveAddress()
    {
    }

    /// <summary>A unix socket, for an enclave process on the same machine.</summary>
    /// <param name="Path">Path of the socket file.</param>
    public sealed record UnixSocket(string Path) : EnclaveAddress
    {
        /// <inheritdoc/>
        public override string ToString() => Scheme + Path;

        internal const string Scheme = "unix:";

        // sun_path holds 108 bytes with its terminator.
        internal const int MaxPathBytes = 107;
    }

    /// <summary>Parses <c>unix:PATH</c>.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out EnclaveAddress? address)
    {
        address = null;
        if (text is null || !text.StartsWith(UnixSocket.Scheme, StringComparison.Ordinal))
        {
            return false;
        }
        var path = text[UnixSocket.Scheme.Length..];
        if (path.Length == 0 || path.Contains('\0', StringComparison.Ordinal) || System.Text.Encoding.UTF8.GetByteCount(path) > UnixSocket.MaxPathBytes)
        {
            return false;
        }
        address = new UnixSocket(path);
        return true;
    }

    /// <summary>Parses <c>unix:PATH</c>.</summary>
    /// <exception cref="FormatException">It is something else.</exception>
    public static EnclaveAddress Parse(string text) =>
        TryParse(text, out var address) ? address : throw new FormatException($"'{text}' is no enclave address; write unix:PATH, the path at most {UnixSocket.MaxPathBytes} bytes.");
}
