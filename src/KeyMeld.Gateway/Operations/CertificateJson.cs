using KeyMeld.Gateway.Tls;

namespace KeyMeld.Gateway.Operations;

/// <summary>How a listener's certificate stands.</summary>
/// <param name="Listener">server or operator, as in the settings.</param>
/// <param name="File">Of its chain.</param>
/// <param name="Sha256">Of the leaf that is served, lower-case hex.</param>
/// <param name="NotBefore">Unix milliseconds.</param>
/// <param name="NotAfter">Unix milliseconds.</param>
/// <param name="DaysLeft">Whole days until it ends; negative when it has.</param>
/// <param name="Refused">Why newer files are not taken; absent while there are none.</param>
internal sealed record CertificateJson(string Listener, string File, string Sha256, long NotBefore, long NotAfter, int DaysLeft, string? Refused)
{
    public static IReadOnlyList<CertificateJson> Of(Certificates certificates, TimeProvider time) => [.. certificates.Views.Select(view => Of(view, time))];

    private static CertificateJson Of(CertificateView view, TimeProvider time) => new(
        view.Section, view.File, view.Thumbprint, view.NotBefore.ToUnixTimeMilliseconds(), view.NotAfter.ToUnixTimeMilliseconds(),
        (int)Math.Floor((view.NotAfter - time.GetUtcNow()).TotalDays), view.Refused);
}
