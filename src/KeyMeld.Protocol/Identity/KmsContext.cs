// protocol.md section 4: KMS encryption context.
using System.Globalization;
using KeyMeld.Secp256k1;

namespace KeyMeld.Protocol.Identity;

/// <summary>The KMS encryption context of an identity key. No PCR values: an upgraded build could not reproduce them.</summary>
public static class KmsContext
{
    /// <summary>{app, enclave_id, key_epoch, public_key}.</summary>
    public static IReadOnlyDictionary<string, string> Of(int enclave, int epoch, PublicKey key) => new SortedDictionary<string, string>(StringComparer.Ordinal)
    {
        ["app"] = "keymeld",
        ["enclave_id"] = enclave.ToString(CultureInfo.InvariantCulture),
        ["key_epoch"] = epoch.ToString(CultureInfo.InvariantCulture),
        ["public_key"] = key.ToString(),
    };
}
