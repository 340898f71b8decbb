using KeyMeld.Protocol.Errors;
using KeyMeld.Wire.V1;

namespace KeyMeld.Enclave.Signing;

/// <summary>Placeholder for the seam; the rounds' owner replaces it.</summary>
public sealed class SigningDesk
{
    public Task<RoundBlob> OpenAsync(UntrustedOpen request, CancellationToken cancellation) => throw Missing();

    public Task<RoundBlob> SignAsync(UntrustedSign request, CancellationToken cancellation) => throw Missing();

    public Task<RoundBlob> CombineAsync(UntrustedCombine request, CancellationToken cancellation) => throw Missing();

    private static KeyMeldException Missing() => new(ErrorCodes.Unsupported, "This build has no signing yet.");
}
