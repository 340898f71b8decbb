using System.Collections.Frozen;
using System.Text.Json.Nodes;
using KeyMeld.DevKit.Kms.Keys;
using KeyMeld.DevKit.Kms.Policies;
using KeyMeld.DevKit.Kms.Recipients;

namespace KeyMeld.DevKit.Kms.Operations;

/// <summary>The operations by name, and what they share.</summary>
internal sealed class KmsService(KmsStore store, string region, string accountId, RecipientVerifier recipients, CmsLayout cmsLayout, TimeProvider time)
{
    /// <summary>An operation answers with a body, or null for the empty body of an operation that has nothing to say.</summary>
    public static readonly FrozenDictionary<string, Func<KmsCall, JsonObject?>> Operations = new Dictionary<string, Func<KmsCall, JsonObject?>>
    {
        ["CreateKey"] = KeyOperations.Create,
        ["DescribeKey"] = KeyOperations.Describe,
        ["ListKeys"] = KeyOperations.List,
        ["EnableKey"] = KeyStateOperations.Enable,
        ["DisableKey"] = KeyStateOperations.Disable,
        ["ScheduleKeyDeletion"] = KeyStateOperations.ScheduleDeletion,
        ["CancelKeyDeletion"] = KeyStateOperations.CancelDeletion,
        ["CreateAlias"] = AliasOperations.Create,
        ["UpdateAlias"] = AliasOperations.Update,
        ["DeleteAlias"] = AliasOperations.Delete,
        ["ListAliases"] = AliasOperations.List,
        ["GetKeyPolicy"] = PolicyOperations.Get,
        ["PutKeyPolicy"] = PolicyOperations.Put,
        ["Encrypt"] = CipherOperations.Encrypt,
        ["Decrypt"] = CipherOperations.Decrypt,
        ["ReEncrypt"] = CipherOperations.ReEncrypt,
        ["GenerateDataKey"] = DataKeyOperations.Generate,
        ["GenerateDataKeyWithoutPlaintext"] = DataKeyOperations.GenerateWithoutPlaintext,
        ["GenerateRandom"] = DataKeyOperations.GenerateRandom,
    }.Concat(RefusedOperations.All).ToFrozenDictionary();

    public KmsStore Store { get; } = store;

    public string AccountId { get; } = accountId;

    public KeyDirectory Directory { get; } = new(region, accountId);

    public Authorizer Authorizer { get; } = new(region, accountId);

    public RecipientVerifier Recipients { get; } = recipients;

    public CmsLayout CmsLayout { get; } = cmsLayout;

    public TimeProvider Time { get; } = time;
}
