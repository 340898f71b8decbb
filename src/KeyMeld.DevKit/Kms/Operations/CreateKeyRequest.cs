using KeyMeld.DevKit.Kms.Wire;

namespace KeyMeld.DevKit.Kms.Operations;

/// <summary>
/// A CreateKey request with all its checks. Only symmetric encryption keys with AWS-made material are made here; the combinations AWS would refuse are
/// refused as AWS does, the others as unsupported. Tags are checked and then forgotten.
/// </summary>
internal sealed record CreateKeyRequest(string Description, string? Policy, bool BypassLockoutCheck)
{
    private const string Symmetric = "SYMMETRIC_DEFAULT";
    private const int MaxTags = 50;

    // In the order in which AWS prints them.
    private static readonly string[] KeySpecs =
    [
        "RSA_2048", "ECC_NIST_P384", "ECC_NIST_P256", "ECC_NIST_P521", "HMAC_384", "RSA_3072",
        "ECC_SECG_P256K1", "RSA_4096", Symmetric, "HMAC_256", "HMAC_224", "HMAC_512",
    ];

    // KEY_AGREEMENT is accepted although the recorded text does not name it.
    private static readonly string[] KeyUsages = ["ENCRYPT_DECRYPT", "SIGN_VERIFY", "GENERATE_VERIFY_MAC", "KEY_AGREEMENT"];
    private const string ShownKeyUsages = "ENCRYPT_DECRYPT, SIGN_VERIFY, GENERATE_VERIFY_MAC";

    public static CreateKeyRequest Read(RequestReader reader)
    {
        var request = new CreateKeyRequest(
            reader.Text("Description", minimum: 0, maximum: 8192) ?? "",
            reader.Text("Policy", maximum: 131072),
            reader.Flag("BypassPolicyLockoutSafetyCheck"));
        var spec = reader.Choice("KeySpec", KeySpecs);
        var formerSpec = reader.Choice("CustomerMasterKeySpec", KeySpecs);
        var usage = reader.Choice("KeyUsage", KeyUsages, ShownKeyUsages);
        var origin = reader.Choice("Origin", ["AWS_KMS", "EXTERNAL", "AWS_CLOUDHSM", "EXTERNAL_KEY_STORE"]);
        var keyStore = reader.Text("CustomKeyStoreId", maximum: 64);
        var multiRegion = reader.Flag("MultiRegion");
        var tags = ReadTags(reader);
        reader.Check([.. tags.Select(tag => tag.Reader)]);

        if (spec is not null && formerSpec is not null)
            throw KmsFault.Validation("You cannot specify KeySpec and CustomerMasterKeySpec in the same request. CustomerMasterKeySpec is deprecated.");
        CheckKind(spec ?? formerSpec ?? Symmetric, usage);
        if (origin is not (null or "AWS_KMS") || keyStore is not null || multiRegion)
            throw KmsFault.Unsupported("This emulator makes single-Region keys with its own key material only.");
        CheckTags([.. tags.Select(tag => tag.Key)]);
        return request;
    }

    private static void CheckKind(string spec, string? usage)
    {
        if (usage is null && spec != Symmetric)
            throw KmsFault.Validation("You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.");
        string[] usages = spec switch
        {
            Symmetric => ["ENCRYPT_DECRYPT"],
            "ECC_SECG_P256K1" => ["SIGN_VERIFY"],
            _ when spec.StartsWith("RSA", StringComparison.Ordinal) => ["ENCRYPT_DECRYPT", "SIGN_VERIFY"],
            _ when spec.StartsWith("ECC", StringComparison.Ordinal) => ["SIGN_VERIFY", "KEY_AGREEMENT"],
            _ => ["GENERATE_VERIFY_MAC"],
        };
        if (usage is not null && !usages.Contains(usage))
            throw KmsFault.Validation($"KeyUsage {usage} is not compatible with KeySpec {spec}");
        if (spec != Symmetric)
            throw KmsFault.Unsupported($"This emulator makes symmetric encryption keys only, not {spec}.");
    }

    private static List<(RequestReader Reader, string Key)> ReadTags(RequestReader reader) =>
        [.. reader.Structures("Tags").Select(tag =>
        {
            var key = tag.RequiredText("TagKey", maximum: 128);
            _ = tag.Text("TagValue", minimum: 0, maximum: 256);
            return (tag, key);
        })];

    private static void CheckTags(IReadOnlyList<string> keys)
    {
        if (keys.Any(key => key.StartsWith("aws:", StringComparison.OrdinalIgnoreCase)))
            throw KmsFault.Tag("Tags beginning with aws: are reserved");
        if (keys.Count > MaxTags)
            throw KmsFault.Tag("Too many tags");
        if (keys.Distinct(StringComparer.Ordinal).Count() != keys.Count)
            throw KmsFault.Tag("Duplicate tag keys");
    }
}
