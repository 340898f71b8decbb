namespace KeyMeld.Enclave.Sealing.Kms;

/// <summary>
/// AWS credentials as the gateway pushed them: the only ones an enclave ever uses. They are no secret of the enclave's (the gateway has them, and without
/// attestation they open nothing), yet they are never printed.
/// </summary>
internal sealed class KmsCredentials
{
    private const int MaxLength = 8192;

    public KmsCredentials(string accessKeyId, string secretAccessKey, string? sessionToken, long expiresMs)
    {
        (AccessKeyId, SecretAccessKey, SessionToken, ExpiresMs) = (accessKeyId, secretAccessKey, string.IsNullOrEmpty(sessionToken) ? null : sessionToken, expiresMs);
    }

    public string AccessKeyId { get; }

    public string SecretAccessKey { get; }

    public string? SessionToken { get; }

    /// <summary>Unix milliseconds; 0: they do not expire.</summary>
    public long ExpiresMs { get; }

    /// <summary>Whether AWS could take them at all: header values of sane length.</summary>
    public bool AreWellFormed => IsToken(AccessKeyId, 128) && IsToken(SecretAccessKey, 256) && (SessionToken is null || IsToken(SessionToken, MaxLength)) && ExpiresMs >= 0;

    public bool HasExpired(long nowMs) => ExpiresMs != 0 && ExpiresMs <= nowMs;

    public override string ToString() => nameof(KmsCredentials);

    private static bool IsToken(string text, int most) => text.Length > 0 && text.Length <= most && text.All(letter => letter is > ' ' and <= '~');
}
