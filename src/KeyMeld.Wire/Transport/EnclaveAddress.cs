using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using KeyMeld.Wire.Transport.Vsock;

namespace KeyMeld.Wire.Transport;

/// <summary>Where one end of a link is reached. A closed set: what a string may name is what <see cref="TryParse"/> accepts.</summary>
public abstract record EnclaveAddress
{
    /// <summary>What <see cref="TryParse"/> accepts, for messages.</summary>
    public static readonly string Forms = $"unix:PATH, the path at most {UnixSocket.MaxPathBytes} bytes, or vsock:CID:PORT (CID any to listen on every one)";

    private EnclaveAddress()
    {
    }

    /// <summary>Whether one can connect there: everywhere but at "any" context id.</summary>
    public virtual bool CanConnect => true;

    /// <summary>A unix socket, for a process on the same machine.</summary>
    /// <param name="Path">Path of the socket file.</param>
    public sealed record UnixSocket(string Path) : EnclaveAddress
    {
        /// <inheritdoc/>
        public override string ToString() => Scheme + Path;

        internal const string Scheme = "unix:";

        // sun_path holds 108 bytes with its terminator.
        internal const int MaxPathBytes = 107;
    }

    /// <summary>A vsock port, for an enclave and its parent instance (vsock(7)).</summary>
    /// <param name="Cid">Context id: 3 is a Nitro enclave's parent, 1 the machine itself, <see cref="VsockEndPoint.AnyCid"/> every own one.</param>
    /// <param name="Port">The port, 1 to 4294967294.</param>
    public sealed record VsockPort(uint Cid, uint Port) : EnclaveAddress
    {
        /// <inheritdoc/>
        public override bool CanConnect => Cid != VsockEndPoint.AnyCid;

        /// <inheritdoc/>
        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Scheme}{(CanConnect ? Cid : Any)}:{Port}");

        internal const string Scheme = "vsock:";
        internal const string Any = "any";
    }

    /// <summary>Parses <c>unix:PATH</c> or <c>vsock:CID:PORT</c>.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out EnclaveAddress? address)
    {
        address = text switch
        {
            null => null,
            _ when text.StartsWith(UnixSocket.Scheme, StringComparison.Ordinal) => ParsePath(text[UnixSocket.Scheme.Length..]),
            _ when text.StartsWith(VsockPort.Scheme, StringComparison.Ordinal) => ParsePort(text[VsockPort.Scheme.Length..]),
            _ => null,
        };
        return address is not null;
    }

    /// <summary>Parses <c>unix:PATH</c> or <c>vsock:CID:PORT</c>.</summary>
    /// <exception cref="FormatException">It is something else.</exception>
    public static EnclaveAddress Parse(string text) =>
        TryParse(text, out var address) ? address : throw new FormatException($"'{text}' is no enclave address; write {Forms}.");

    private static UnixSocket? ParsePath(string path) =>
        path.Length == 0 || path.Contains('\0', StringComparison.Ordinal) || Encoding.UTF8.GetByteCount(path) > UnixSocket.MaxPathBytes ? null : new UnixSocket(path);

    private static VsockPort? ParsePort(string text)
    {
        if (text.Split(':') is not [var first, var second] || !TryNumber(second, out var port) || port == 0)
        {
            return null;
        }
        return first == VsockPort.Any ? new VsockPort(VsockEndPoint.AnyCid, port) : TryNumber(first, out var cid) ? new VsockPort(cid, port) : null;
    }

    // The largest number means "any" in both places of a vsock address. Only the shortest form is taken, so that equal addresses are equal texts.
    private static bool TryNumber(string text, out uint number) =>
        uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number != uint.MaxValue && (text == "0" || text[0] != '0');
}
