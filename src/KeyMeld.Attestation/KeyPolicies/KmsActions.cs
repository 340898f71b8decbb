// AWS KMS developer guide, "AWS KMS permissions", "Condition keys for attested platforms", "AWS KMS condition keys for AWS Nitro Enclaves".
namespace KeyMeld.Attestation;

/// <summary>The KMS actions a key policy of KeyMeld's speaks of.</summary>
internal static class KmsActions
{
    /// <summary>What an enclave does, and all it does.</summary>
    public static readonly string[] Use = ["kms:Decrypt", "kms:GenerateDataKey"];

    /// <summary>What takes an attestation document and gives something secret: to be denied to every document but the releases'.</summary>
    public static readonly string[] Attested = ["kms:Decrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyPair", "kms:DeriveSharedSecret"];

    /// <summary>What would bypass attestation, or take the key material or its use elsewhere: to be denied to everybody.</summary>
    public static readonly string[] Never =
    [
        "kms:Encrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:GenerateDataKeyWithoutPlaintext", "kms:GenerateDataKeyPair", "kms:GenerateDataKeyPairWithoutPlaintext",
        "kms:DeriveSharedSecret", "kms:CreateGrant", "kms:ReplicateKey", "kms:UpdatePrimaryRegion", "kms:ImportKeyMaterial", "kms:DeleteImportedKeyMaterial",
    ];

    /// <summary>What the administrator does: everything about the key, nothing with it.</summary>
    public static readonly string[] Administration =
    [
        "kms:DescribeKey", "kms:GetKeyPolicy", "kms:ListKeyPolicies", "kms:PutKeyPolicy", "kms:EnableKey", "kms:DisableKey", "kms:ScheduleKeyDeletion", "kms:CancelKeyDeletion",
        "kms:EnableKeyRotation", "kms:DisableKeyRotation", "kms:GetKeyRotationStatus", "kms:UpdateKeyDescription", "kms:ListGrants", "kms:RevokeGrant",
        "kms:TagResource", "kms:UntagResource", "kms:ListResourceTags", "kms:CreateAlias", "kms:UpdateAlias", "kms:DeleteAlias",
    ];

    /// <summary>The condition key of a register of an attestation document.</summary>
    public static string Register(int index) => $"kms:RecipientAttestation:PCR{index}";

    /// <summary>Whether a pattern of an Action element covers an action; `*` is any run of characters, `?` exactly one, without regard to case.</summary>
    public static bool Covers(string pattern, string action) => Matches(pattern.ToUpperInvariant(), action.ToUpperInvariant());

    private static bool Matches(ReadOnlySpan<char> pattern, ReadOnlySpan<char> text)
    {
        while (!pattern.IsEmpty)
        {
            if (pattern[0] == '*')
            {
                for (var skip = 0; skip <= text.Length; skip++)
                {
                    if (Matches(pattern[1..], text[skip..]))
                    {
                        return true;
                    }
                }
                return false;
            }
            if (text.IsEmpty || (pattern[0] != '?' && pattern[0] != text[0]))
            {
                return false;
            }
            pattern = pattern[1..];
            text = text[1..];
        }
        return text.IsEmpty;
    }
}
