using System.Globalization;
using KeyMeld.DevKit.Kms.Ciphertext;

namespace KeyMeld.DevKit.Kms.Policies;

/// <summary>
/// What is known of one request, by condition key (names have no case). A key that is not here is missing in the sense of the condition operators; so
/// are all global keys the emulator does not know, `kms:ViaService` among them: nothing calls it through another service.
/// </summary>
internal sealed class ConditionFacts
{
    private readonly Dictionary<string, IReadOnlyList<string>> _values = new(StringComparer.OrdinalIgnoreCase);

    public IReadOnlyList<string>? Find(string key) => _values.GetValueOrDefault(key);

    public ConditionFacts Add(string key, params IReadOnlyList<string> value)
    {
        _values[key] = value;
        return this;
    }

    public ConditionFacts Add(string key, bool value) => Add(key, value ? "true" : "false");

    /// <summary>
    /// The facts of an operation that encrypts or decrypts: `kms:EncryptionAlgorithm`, `kms:EncryptionContext:name` for each pair and
    /// `kms:EncryptionContextKeys`; the last two are missing for an empty context.
    /// </summary>
    public ConditionFacts AddEncryption(EncryptionContext context)
    {
        Add("kms:EncryptionAlgorithm", "SYMMETRIC_DEFAULT");
        foreach (var (name, value) in context.Pairs)
            Add("kms:EncryptionContext:" + name, value);
        return context.Pairs.Count == 0 ? this : Add("kms:EncryptionContextKeys", [.. context.Pairs.Keys]);
    }

    /// <summary>`kms:RecipientAttestation:PCR0` and so on, lower-case hexadecimal; `ImageSha384` is PCR0. Only a verified document gets here.</summary>
    public ConditionFacts AddPcrs(IReadOnlyDictionary<int, string> pcrs)
    {
        foreach (var (index, value) in pcrs)
            Add(string.Create(CultureInfo.InvariantCulture, $"kms:RecipientAttestation:PCR{index}"), value);
        return pcrs.TryGetValue(0, out var image) ? Add("kms:RecipientAttestation:ImageSha384", image) : this;
    }
}
