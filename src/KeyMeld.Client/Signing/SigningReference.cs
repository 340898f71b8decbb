using System.Diagnostics.CodeAnalysis;
using KeyMeld.Protocol.Encoding;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;

namespace KeyMeld.Client;

/// <summary>
/// Names a signing to the other members, who learn of it out of band: the protocol has no call that lists what waits for somebody. One line,
/// <c>keymeldsign1.</c> and unpadded base64url of group (32 bytes) ‖ request digest D (32 bytes) ‖ the gateway's address in UTF-8. Not secret, and it proves nothing: everything
/// behind it is verified.
/// </summary>
/// <param name="Gateway">The gateway.</param>
/// <param name="Group">Manifest hash.</param>
/// <param name="Request">The request digest D.</param>
public sealed record SigningReference(Uri Gateway, Hash32 Group, Hash32 Request)
{
    private const string Prefix = "keymeldsign1.";
    private const int LongestGateway = 2048;

    /// <summary>Reads a reference; white space around it is allowed.</summary>
    /// <exception cref="KeyMeldException"><c>bad_request</c>: damaged or incomplete.</exception>
    public static SigningReference Parse(string text) => TryParse(text, out var reference)
        ? reference
        : throw new KeyMeldException(ErrorCodes.BadRequest, $"This is not a signing reference; copy the whole line that begins with {Prefix}");

    /// <summary>Reads a reference; white space around it is allowed.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out SigningReference? reference)
    {
        reference = null;
        var line = text.AsSpan().Trim();
        if (!line.StartsWith(Prefix, StringComparison.Ordinal) || line.Length > Prefix.Length + (2 * LongestGateway))
        {
            return false;
        }
        var bytes = new byte[line.Length];
        if (!Base64Url.TryDecode(line[Prefix.Length..], bytes, out var length) || length <= 2 * Hash32.Size)
        {
            return false;
        }
        var gateway = System.Text.Encoding.UTF8.GetString(bytes.AsSpan(2 * Hash32.Size, length - (2 * Hash32.Size)));
        if (!Uri.TryCreate(gateway, UriKind.Absolute, out var address) || address.AbsoluteUri != gateway || !GatewayAddress.IsWellFormed(address))
        {
            return false;
        }
        reference = new SigningReference(address, new Hash32(bytes.AsSpan(0, Hash32.Size)), new Hash32(bytes.AsSpan(Hash32.Size, Hash32.Size)));
        return true;
    }

    /// <summary>The reference as one line.</summary>
    public override string ToString() => Prefix + Base64Url.Encode([.. Group.Bytes, .. Request.Bytes, .. System.Text.Encoding.UTF8.GetBytes(Gateway.AbsoluteUri)]);
}
