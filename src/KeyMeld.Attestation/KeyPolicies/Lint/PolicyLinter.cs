// threats.md K14-K17, K27, K29; reference: AWS KMS developer guide, "Cryptographic attestation for AWS Nitro Enclaves", and IAM's rules for missing condition keys.
namespace KeyMeld.Attestation;

/// <summary>
/// Names every weakness of a policy that is known: of a key policy, what lets anybody but the releases use the key; of an IAM policy, what it gives beyond the two calls
/// an enclave makes. It reads what is written and asks nobody; a finding is never silenced.
/// </summary>
public static class PolicyLinter
{
    /// <summary>Lints a key policy or an IAM policy: a document whose statements name no principal is one of IAM's.</summary>
    /// <param name="json">The document.</param>
    /// <param name="releases">The releases that should be able to use the key, or null where that is not known.</param>
    /// <returns>Nothing when it is clean.</returns>
    public static IReadOnlyList<PolicyFinding> Lint(string json, IReadOnlyList<Release>? releases = null)
    {
        PolicyDocument document;
        try
        {
            document = PolicyDocument.Parse(json);
        }
        catch (FormatException exception)
        {
            return [new PolicyFinding("policy_unreadable", "policy", $"The document was not understood: {exception.Message}.", "Give the policy as `aws kms get-key-policy --output text` prints it.")];
        }
        return document.IsOfPrincipal
            ? [.. document.Statements.Where(statement => statement.IsAllow).SelectMany(IamRules.Check)]
            :
            [
                .. document.Statements.Where(statement => statement.IsAllow).SelectMany(AllowRules.Check),
                .. DenyRules.Check(document),
                .. ReleaseRules.Check(document, releases),
            ];
    }
}
