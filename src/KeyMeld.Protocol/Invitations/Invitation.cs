// protocol.md section 5: keymeld1. ‖ base64url without padding of CBOR {v: 1, gateway, manifest, user, ?admission, secret}.
using System.Security.Cryptography;
using KeyMeld.Protocol.Encoding;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Sessions;
using KeyMeld.Secp256k1;

namespace KeyMeld.Protocol.Invitations;

/// <summary>
/// An invitation to a group, handed over out of band. It holds the session secret, which opens the group's messages for ever, and the place's admission secret unless
/// the participant brought a key of its own. Its secrets live in locked memory; the text exists only when <see cref="Reveal"/> is called.
/// </summary>
public sealed class Invitation : IDisposable
{
    /// <summary>What every invitation begins with.</summary>
    public const string Prefix = "keymeld1.";

    private const int LongestGateway = 2048;
    private const int LongestText = 4096;

    private Invitation(string gateway, Hash32 manifest, Id16 user, SecretBytes? admission, SecretBytes secret) =>
        (Gateway, Manifest, User, Admission, Secret) = (gateway, manifest, user, admission, secret);

    /// <summary>URL of the gateway.</summary>
    public string Gateway { get; }

    /// <summary>Manifest hash: the group.</summary>
    public Hash32 Manifest { get; }

    /// <summary>Whom it is for.</summary>
    public Id16 User { get; }

    /// <summary>The place's admission secret, 32 bytes; null when the participant has its own.</summary>
    public SecretBytes? Admission { get; }

    /// <summary>The session secret, 32 bytes.</summary>
    public SecretBytes Secret { get; }

    /// <summary>Makes an invitation; it keeps copies of the secrets.</summary>
    /// <param name="gateway">URL of the gateway.</param>
    /// <param name="manifest">Manifest hash.</param>
    /// <param name="user">The place's user id.</param>
    /// <param name="admission">The admission key drawn for the place; null when the participant has its own.</param>
    /// <param name="secret">The session secret.</param>
    public static Invitation Create(string gateway, Hash32 manifest, Id16 user, SecretKey? admission, SessionSecret secret)
    {
        ArgumentNullException.ThrowIfNull(gateway);
        ArgumentNullException.ThrowIfNull(secret);
        return IsGateway(gateway)
            ? new Invitation(gateway, manifest, user, admission?.Export(), secret.Export())
            : throw new KeyMeldException(ErrorCodes.InvitationInvalid, "The gateway of an invitation is an absolute http or https URL.");
    }

    /// <summary>Reads an invitation; white space around it is allowed.</summary>
    /// <exception cref="KeyMeldException"><c>invitation_invalid</c>: incomplete, damaged, of a later version.</exception>
    public static Invitation Parse(ReadOnlySpan<char> text)
    {
        text = text.Trim();
        if (!text.StartsWith(Prefix, StringComparison.Ordinal))
        {
            throw Invalid($"An invitation begins with {Prefix}");
        }
        if (text.Length > LongestText)
        {
            throw Invalid("It is too long");
        }
        // Pinned and wiped: it holds the secrets until they are in locked memory.
        var buffer = GC.AllocateArray<byte>(text.Length, pinned: true);
        try
        {
            return Base64Url.TryDecode(text[Prefix.Length..], buffer, out var written) ? Read(buffer.AsSpan(0, written)) : throw Invalid("It is not base64url");
        }
        catch (KeyMeldException exception) when (exception.Code == ErrorCodes.StatementInvalid)
        {
            throw Invalid("It is damaged or of another version");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(buffer);
        }
    }

    /// <summary>The text to hand over. Secret: whoever reads it can read the group's messages for ever and, when it has an admission key, take the place. The caller keeps it short-lived.</summary>
    public string Reveal()
    {
        using var encoder = new CborEncoder(secret: true);
        encoder.Map(Admission is null ? 5 : 6).Key("v"u8).Number(1).Key("user"u8).Id(User).Key("secret"u8).Bytes(Secret.Span).Key("gateway"u8).Text(Gateway).Key("manifest"u8).Hash(Manifest);
        if (Admission is not null)
        {
            encoder.Key("admission"u8).Bytes(Admission.Span);
        }
        return Prefix + Base64Url.Encode(encoder.Written);
    }

    /// <summary>Wipes the secrets.</summary>
    public void Dispose()
    {
        Admission?.Dispose();
        Secret.Dispose();
    }

    /// <summary>Names the group, shows no secret.</summary>
    public override string ToString() => $"{nameof(Invitation)} to {Manifest}";

    private static Invitation Read(ReadOnlySpan<byte> bytes)
    {
        var reader = new StrictCborReader(bytes, "invitation", LongestText);
        var remaining = reader.ReadVersionedMap();
        reader.Key(ref remaining, "user"u8);
        var user = reader.ReadId();
        reader.Key(ref remaining, "secret"u8);
        var secret = reader.ReadBytes(SessionSecret.Size);
        reader.Key(ref remaining, "gateway"u8);
        var gateway = reader.ReadText(LongestGateway);
        reader.Key(ref remaining, "manifest"u8);
        var manifest = reader.ReadHash();
        var admission = reader.TryKey(ref remaining, "admission"u8) ? reader.ReadBytes(SecretKey.Size) : [];
        reader.EndMap(remaining);
        reader.End();
        if (!IsGateway(gateway))
        {
            throw Invalid("Its gateway is no http or https URL");
        }
        return new Invitation(gateway, manifest, user, admission.IsEmpty ? null : SecretBytes.CopyFrom(admission), SecretBytes.CopyFrom(secret));
    }

    // Where to connect to and nothing else: no password, no query, no character that a terminal would act on.
    private static bool IsGateway(string gateway) =>
        gateway.Length <= LongestGateway && !gateway.AsSpan().ContainsAnyExceptInRange('!', '~') && Uri.TryCreate(gateway, UriKind.Absolute, out var url)
        && url is { Scheme: "http" or "https", UserInfo: "", Query: "", Fragment: "" };

    private static KeyMeldException Invalid(string why) => new(ErrorCodes.InvitationInvalid, $"{why}.");
}
