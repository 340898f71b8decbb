using KeyMeld.Protocol.Ids;
using KeyMeld.Secp256k1;

namespace KeyMeld.Client;

/// <summary>What the secrets of a profile are called.</summary>
internal static class SecretNames
{
    /// <summary>What the names of admission keys given to creators begin with.</summary>
    public const string OwnAdmissions = "admission/";

    private const string KeysBeginning = "key/";

    /// <summary>Every holder reads the group's messages and results.</summary>
    public static string Session(Hash32 group) => $"{group}/session";

    /// <summary>Signs manifest, erase and, where allowed, requests.</summary>
    public static string Creator(Hash32 group) => $"{group}/creator";

    /// <summary>Admits to the own place; removed when the group is formed.</summary>
    public static string Admission(Hash32 group) => $"{group}/admission";

    /// <summary>Signs requests, approvals, and reads. Under its own name, so that two tries to join do not overwrite each other's.</summary>
    public static string Authorisation(Hash32 group, XOnlyPublicKey key) => $"{group}/authorisation/{key}";

    /// <summary>A member key generated here.</summary>
    public static string Member(Hash32 group, PublicKey key) => Members(group) + key;

    /// <summary>What the names of a group's generated member keys begin with.</summary>
    public static string Members(Hash32 group) => $"{group}/member/";

    /// <summary>An admission key drawn for an invitation; removed when the group is formed.</summary>
    public static string Invited(Hash32 group, int place) => $"{group}/invited/{place}";

    /// <summary>An admission key given to a creator, not yet used.</summary>
    public static string OwnAdmission(XOnlyPublicKey key) => OwnAdmissions + key;

    /// <summary>Signs a single-signer key's statement and every request for it; removed when the key is erased.</summary>
    public static string KeyAuthorisation(Hash32 key) => $"{KeysBeginning}{key}/authorisation";

    /// <summary>Under it the enclave answers about a single-signer key; removed when it has.</summary>
    public static string KeyResponse(Hash32 key) => $"{KeysBeginning}{key}/response";

    /// <summary>Whether it is a key that signs statements or calls, which never is a signing key as well.</summary>
    public static bool IsStatementKey(string name) => IsAdmission(name) || name.StartsWith(OwnAdmissions, StringComparison.Ordinal)
        || name.Contains("/authorisation", StringComparison.Ordinal) || name.EndsWith("/creator", StringComparison.Ordinal);

    /// <summary>Whether a secret admits to a place, and so has done its work when the group is formed.</summary>
    public static bool IsAdmission(string name) => name.Contains("/admission", StringComparison.Ordinal) || name.Contains("/invited/", StringComparison.Ordinal);
}
