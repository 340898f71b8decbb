using KeyMeld.Protocol.Encoding;
using KeyMeld.Protocol.Ids;

namespace KeyMeld.Client;

/// <summary>The gateway's resources (protocol.md section 9), as sent and as signed.</summary>
internal static class GatewayTargets
{
    public const string Enclaves = "/api/v1/enclaves";
    public const string Keygen = "/api/v1/keygen";
    public const string Keys = "/api/v1/keys";
    public const string Signings = "/api/v1/signing";

    public static string Identity(int enclave, ReadOnlySpan<byte> nonce) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Enclaves}/{enclave}/identity?nonce={Hex.Encode(nonce)}");

    public static string Group(Hash32 group) => $"{Keygen}/{group}";

    public static string Participants(Hash32 group) => $"{Keygen}/{group}/participants";

    public static string MakeMemberKey(Hash32 group) => $"{Keygen}/{group}/make-key";

    public static string EraseGroup(Hash32 group) => $"{Keygen}/{group}/erase";

    public static string Key(Hash32 key) => $"{Keys}/{key}";

    public static string EraseKey(Hash32 key) => $"{Keys}/{key}/erase";

    public static string SignWithKey(Hash32 key) => $"{Keys}/{key}/sign";

    public static string Signing(Hash32 request) => $"{Signings}/{request}";

    public static string Approvals(Hash32 request) => $"{Signings}/{request}/approvals";

    public static string Rounds(Hash32 request) => $"{Signings}/{request}/rounds";

    public static string Cancel(Hash32 request) => $"{Signings}/{request}/cancel";
}
