using KeyMeld.Protocol.Errors;
using KeyMeld.Wire.V1;

namespace KeyMeld.Enclave.Groups;

/// <summary>Placeholder for the seam; the rounds' owner replaces it.</summary>
public sealed class GroupDesk
{
    public Task<CheckReply> CheckKeygenAsync(UntrustedKeygen request, CancellationToken cancellation) => throw Missing();

    public Task<CheckReply> CheckRegistrationAsync(UntrustedRegistration request, CancellationToken cancellation) => throw Missing();

    public Task<ReceiptReply> LoadGroupAsync(UntrustedBundle request, CancellationToken cancellation) => throw Missing();

    public Task<ForgetReply> ForgetAsync(UntrustedForget request, CancellationToken cancellation) => throw Missing();

    private static KeyMeldException Missing() => new(ErrorCodes.Unsupported, "This build has no groups yet.");
}
