namespace KeyMeld.Gateway.Configuration;

/// <summary>The <c>certificate</c> and <c>certificate_key</c> of a section that listens.</summary>
internal static class CertificateSection
{
    /// <param name="section">The section that has them.</param>
    /// <param name="isTls">Whether its <c>listen</c> is https://; null where that is not known.</param>
    public static CertificateFiles? Read(SettingsSection section, bool? isTls)
    {
        var certificate = section.OptionalText("certificate");
        var key = section.OptionalText("certificate_key");
        if (certificate is null != key is null)
        {
            section.Fail<object>("certificate", "certificate and certificate_key belong together: give both or neither");
        }
        var files = certificate is null || key is null ? null : new CertificateFiles(certificate, key);
        if (isTls is { } tls && tls != files is not null)
        {
            section.Fail<object>("listen", "https:// needs certificate and certificate_key, http:// has no use for them");
        }
        return files;
    }
}
