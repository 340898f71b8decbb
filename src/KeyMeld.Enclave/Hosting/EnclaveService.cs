using Grpc.Core;
using KeyMeld.Enclave.Groups;
using KeyMeld.Enclave.Identity;
using KeyMeld.Enclave.Keys;
using KeyMeld.Enclave.Sealing;
using KeyMeld.Enclave.Signing;
using KeyMeld.Wire.V1;

namespace KeyMeld.Enclave.Hosting;

/// <summary>The wire's calls, each handed to its desk. Nothing is decided here; refusals are turned into faults by <see cref="FaultInterceptor"/>.</summary>
internal sealed class EnclaveService(StatusDesk status, KeyLifecycle lifecycle, IdentityDesk identity, GroupDesk groups, SigningDesk signing, KeyDesk keys) : Wire.V1.Enclave.EnclaveBase
{
    public override Task<EnclaveStatus> GetStatus(GetStatusRequest request, ServerCallContext context) => Task.FromResult(status.Current());

    public override async Task<EnclaveStatus> Configure(UntrustedConfigure request, ServerCallContext context)
    {
        await lifecycle.ConfigureAsync(request, context.CancellationToken);
        return status.Current();
    }

    public override Task<PushCredentialsReply> PushCredentials(AwsCredentials request, ServerCallContext context)
    {
        lifecycle.PushCredentials(request);
        return Task.FromResult(new PushCredentialsReply());
    }

    public override async Task<SealedKeyRow> Genesis(UntrustedGenesis request, ServerCallContext context) =>
        (await lifecycle.GenesisAsync(request, context.CancellationToken)).ToWire();

    public override async Task<RewrapReply> Rewrap(UntrustedRewrap request, ServerCallContext context) =>
        new() { Rows = { (await lifecycle.RewrapAsync(request, context.CancellationToken)).Select(record => record.ToWire()) } };

    public override Task<IdentityReply> GetIdentity(GetIdentityRequest request, ServerCallContext context) => identity.ShowAsync(request, context.CancellationToken);

    public override Task<CheckReply> CheckKeygen(UntrustedKeygen request, ServerCallContext context) => groups.CheckKeygenAsync(request, context.CancellationToken);

    public override Task<CheckReply> CheckRegistration(UntrustedRegistration request, ServerCallContext context) =>
        groups.CheckRegistrationAsync(request, context.CancellationToken);

    public override Task<ReceiptReply> LoadGroup(UntrustedBundle request, ServerCallContext context) => groups.LoadGroupAsync(request, context.CancellationToken);

    public override Task<RoundBlob> Open(UntrustedOpen request, ServerCallContext context) => signing.OpenAsync(request, context.CancellationToken);

    public override Task<RoundBlob> Sign(UntrustedSign request, ServerCallContext context) => signing.SignAsync(request, context.CancellationToken);

    public override Task<RoundBlob> Combine(UntrustedCombine request, ServerCallContext context) => signing.CombineAsync(request, context.CancellationToken);

    public override Task<KeyAnswer> MakeMemberKey(UntrustedMakeMemberKey request, ServerCallContext context) => keys.MakeMemberKeyAsync(request);

    public override Task<KeyReply> AddKey(UntrustedKey request, ServerCallContext context) => keys.AddAsync(request);

    public override Task<KeyAnswer> SingleSign(UntrustedSingleSign request, ServerCallContext context) => keys.SignAsync(request);

    public override Task<ForgetReply> ForgetKey(UntrustedForgetKey request, ServerCallContext context) => keys.ForgetAsync(request);

    public override Task<ForgetReply> Forget(UntrustedForget request, ServerCallContext context) => signing.ForgetAsync(request, context.CancellationToken);
}
