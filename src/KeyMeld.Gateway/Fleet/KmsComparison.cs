using KeyMeld.Gateway.Configuration;
using KeyMeld.Wire.V1;

namespace KeyMeld.Gateway.Fleet;

/// <summary>The enclave's measured configuration decides; what the operator wrote here must say the same, or somebody is mistaken about where the keys are.</summary>
internal static class KmsComparison
{
    /// <returns>What differs, null when nothing does.</returns>
    public static string? Difference(GatewaySettings settings, EnclaveStatus status)
    {
        var differences = new List<string>();
        var kms = settings.Kms;
        Compare(differences, "mode", settings.Production ? "production" : "development", status.Mode);
        Compare(differences, "kms.enabled", kms.Enabled ? "true" : "false", "true");
        // While the KMS key is changed, enclaves move to the new one after another.
        if (!kms.PreviousKeyIds.Contains(status.KmsKeyId))
        {
            Compare(differences, "kms.key_id", kms.KeyId, status.KmsKeyId);
        }
        Compare(differences, "kms.enable_attestation", kms.EnableAttestation ? "true" : "false", status.AttestationEnabled ? "true" : "false");
        Compare(differences, "kms.endpoint_url", Endpoint(kms.Endpoint?.OriginalString), Endpoint(status.KmsEndpoint));
        return differences.Count == 0 ? null : string.Join("; ", differences);
    }

    private static void Compare(List<string> differences, string name, string here, string there)
    {
        if (here != there)
        {
            differences.Add($"{name} is {here} here and {there} in the enclave");
        }
    }

    private static string Endpoint(string? text) =>
        string.IsNullOrEmpty(text) ? "null" : Uri.TryCreate(text, UriKind.Absolute, out var uri) ? uri.AbsoluteUri : text;
}
