using KeyMeld.DevKit.Kms.Ciphertext;
using KeyMeld.DevKit.Kms.Keys;
using KeyMeld.DevKit.Kms.Policies;
using KeyMeld.DevKit.Kms.Wire;

namespace KeyMeld.DevKit.Kms.Operations;

/// <summary>What Decrypt and ReEncrypt are given to open: a blob, its context, and the key, by name or found from the blob.</summary>
internal sealed class SealedSource
{
    private const string IgnoreCiphertext = "IGNORE_CIPHERTEXT";
    private readonly IReadOnlyList<string> _modifiers;

    private SealedSource(byte[]? blob, string? keyId, EncryptionContext context, bool isDryRun, IReadOnlyList<string> modifiers) =>
        (Blob, KeyId, Context, IsDryRun, _modifiers) = (blob, keyId, context, isDryRun, modifiers);

    public EncryptionContext Context { get; }

    public bool IsDryRun { get; }

    private byte[]? Blob { get; }

    private string? KeyId { get; }

    private bool IgnoresCiphertext => _modifiers.Count != 0;

    public static SealedSource Read(RequestReader request, string keyMember, string contextMember) => new(
        request.Blob("CiphertextBlob", Limits.CiphertextBytes),
        request.Text(keyMember, maximum: Limits.KeyIdLength),
        request.Context(contextMember),
        request.Flag("DryRun"),
        request.Texts("DryRunModifiers", maximum: 1));

    /// <summary>A dry run may ask about permissions alone, without a blob; then it has to name the key.</summary>
    public void CheckModifiers()
    {
        if (_modifiers.Any(modifier => modifier != IgnoreCiphertext))
            throw KmsFault.Validation($"DryRunModifiers must be in the set: [{IgnoreCiphertext}]");
        if (IgnoresCiphertext && !IsDryRun)
            throw KmsFault.Validation("DryRunModifiers needs DryRun.");
        if (Blob is null && (!IgnoresCiphertext || KeyId is null))
            throw KmsFault.Validation("1 validation error detected: Value null at 'ciphertextBlob' failed to satisfy constraint: Member must not be null");
    }

    /// <summary>The key the caller names, or the one whose material the blob names.</summary>
    public KeyRecord Resolve(KmsCall call, KmsState state) => KeyId is not null ? call.Service.Directory.Resolve(state, KeyId) : FindByBlob(state);

    public KeyRecord Authorized(KmsCall call, KmsState state, string action, ConditionFacts facts)
    {
        if (KeyId is not null)
            return call.Authorized(state, KeyId, action, facts);
        try
        {
            return call.Authorized(FindByBlob(state), action, facts);
        }
        catch (KmsFault fault) when (fault.Code == "AccessDeniedException")
        {
            // Who named no key and may not use the blob's is not told whether it exists.
            throw NoSuchKey();
        }
    }

    /// <summary>The plaintext, which the caller wipes.</summary>
    public byte[] Open(KmsCall call, KeyRecord key)
    {
        if (IgnoresCiphertext)
            return [];
        var materialId = CiphertextBlob.MaterialIdOf(Blob);
        if (materialId is not null && materialId != key.MaterialId && call.Service.Store.Current.FindByMaterial(materialId) is not null)
            throw KmsFault.IncorrectKey();
        return CiphertextBlob.TryOpen(key, Context, Blob) ?? throw KmsFault.InvalidCiphertext();
    }

    private KeyRecord FindByBlob(KmsState state)
    {
        var materialId = CiphertextBlob.MaterialIdOf(Blob) ?? throw KmsFault.InvalidCiphertext();
        return state.FindByMaterial(materialId) ?? throw NoSuchKey();
    }

    private static KmsFault NoSuchKey() => KmsFault.AccessDenied(
        "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access.");
}
