namespace KeyMeld.Attestation;

/// <summary>
/// One build of the enclave and the one KMS key its identity may be sealed under. It matches as a whole: PCR0 alone would let bytes move between the parts of
/// an image, and the right build under another KMS key is another enclave.
/// </summary>
public sealed record Release
{
    private const int DigestDigits = 64;

    /// <summary>Names a release.</summary>
    /// <param name="pcr0">PCR0, 96 lower-case hex digits, not all zero.</param>
    /// <param name="pcr1">PCR1, likewise.</param>
    /// <param name="pcr2">PCR2, likewise.</param>
    /// <param name="kmsKeyArn">The KMS key's ARN, <c>arn:…:kms:…:key/…</c>; never an alias.</param>
    /// <exception cref="ArgumentException">A value is not of that form.</exception>
    public Release(string pcr0, string pcr1, string pcr2, string kmsKeyArn)
    {
        (Pcr0, Pcr1, Pcr2) = (Register(pcr0, nameof(pcr0)), Register(pcr1, nameof(pcr1)), Register(pcr2, nameof(pcr2)));
        KmsKeyArn = kmsKeyArn.Split(':') is ["arn", { Length: > 0 }, "kms", { Length: > 0 }, { Length: > 0 }, var key]
            && key.StartsWith("key/", StringComparison.Ordinal) && key.Length > 4
            ? kmsKeyArn
            : throw new ArgumentException("A release names a KMS key by its ARN (arn:…:kms:…:key/…), not by an alias.", nameof(kmsKeyArn));
    }

    /// <summary>PCR0 in lower-case hex.</summary>
    public string Pcr0 { get; }

    /// <summary>PCR1 in lower-case hex.</summary>
    public string Pcr1 { get; }

    /// <summary>PCR2 in lower-case hex.</summary>
    public string Pcr2 { get; }

    /// <summary>The KMS key's ARN.</summary>
    public string KmsKeyArn { get; }

    /// <summary>
    /// SHA-256 of the configuration file in the image, 64 lower-case hex digits; null does not compare it. The PCRs measure that file already: a difference means that
    /// the release was put together wrongly.
    /// </summary>
    /// <exception cref="ArgumentException">The value is not of that form.</exception>
    public string? ConfigurationDigest
    {
        get;
        init => field = value is null || (value.Length == DigestDigits && LowerHex.IsHex(value))
            ? value
            : throw new ArgumentException($"A configuration digest is {DigestDigits} lower-case hex digits.", nameof(value));
    }

    /// <summary>Whether an enclave is this release.</summary>
    /// <param name="pcrs">What a verified document of it measures.</param>
    /// <param name="kmsKeyArn">The KMS key in the identity that document attests.</param>
    /// <param name="configurationDigest">The configuration digest in that identity, lower-case hex.</param>
    public bool Matches(Pcrs pcrs, string kmsKeyArn, string? configurationDigest = null) =>
        Pcr0 == pcrs.Pcr0 && Pcr1 == pcrs.Pcr1 && Pcr2 == pcrs.Pcr2 && KmsKeyArn == kmsKeyArn
        && (ConfigurationDigest is null || ConfigurationDigest == configurationDigest);

    private static string Register(string hex, string name)
    {
        if (hex.Length != 2 * PcrMath.Size || !LowerHex.IsHex(hex))
        {
            throw new ArgumentException($"A register is {2 * PcrMath.Size} lower-case hex digits.", name);
        }
        return hex.AsSpan().ContainsAnyExcept('0')
            ? hex
            : throw new ArgumentException("An all-zero register is a debug-mode enclave's, which nobody may trust.", name);
    }
}
