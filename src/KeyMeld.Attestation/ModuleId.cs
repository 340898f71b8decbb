namespace KeyMeld.Attestation;

/// <summary>
/// Names of signing modules. An enclave's is <c>&lt;instance id&gt;-enc&lt;hex&gt;</c>; other products of the same signer have other forms (NitroTPM:
/// <c>i-…-tpm0…</c>).
/// </summary>
public static class ModuleId
{
    /// <summary>Whether a name is of an enclave's form: <c>i-</c>, 8 to 32 hex digits, <c>-enc</c>, 16 to 32 hex digits, all lower case.</summary>
    /// <param name="moduleId">The name.</param>
    /// <param name="instanceId">The parent instance's id, <c>i-…</c>, whose PCR4 is <see cref="PcrMath.OfText"/> of it.</param>
    public static bool IsEnclave(string moduleId, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out string? instanceId)
    {
        instanceId = null;
        if (moduleId.Split('-') is ["i", { Length: >= 8 and <= 32 } instance, { Length: >= 3 + 16 and <= 3 + 32 } enclave]
            && enclave.StartsWith("enc", StringComparison.Ordinal) && LowerHex.IsHex(instance) && LowerHex.IsHex(enclave.AsSpan(3)))
        {
            instanceId = $"i-{instance}";
        }
        return instanceId is not null;
    }
}
