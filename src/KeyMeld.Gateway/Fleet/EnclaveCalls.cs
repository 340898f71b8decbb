using System.Runtime.CompilerServices;
using Grpc.Core;
using KeyMeld.Gateway.Telemetry;
using KeyMeld.Protocol.Errors;
using KeyMeld.Wire;
using KeyMeld.Wire.V1;

namespace KeyMeld.Gateway.Fleet;

/// <summary>
/// The calls of one enclave, each with its deadline. What the enclave refuses comes as its own code, what the transport does as enclave_unreachable.
/// The small calls of signings go through the exchange. Nothing is repeated here.
/// </summary>
internal sealed class EnclaveCalls(uint id, Enclave.EnclaveClient client, EnclaveExchanges exchanges, GatewayTelemetry telemetry, Action suspect)
{
    // Only what this gateway does by itself waits for it: on a machine that stood still for a moment, an enclave that only seemed away would cost those who sign more.
    private static readonly TimeSpan StatusDeadline = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan SetupDeadline = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan WorkDeadline = TimeSpan.FromSeconds(60);
    private int _inFlight;

    /// <summary>Calls that are under way, for balancing.</summary>
    public int InFlight => Volatile.Read(ref _inFlight);

    public Task<EnclaveStatus> GetStatusAsync(CancellationToken cancellationToken) =>
        CallAsync(options => client.GetStatusAsync(new GetStatusRequest(), options), StatusDeadline, cancellationToken);

    public Task<EnclaveStatus> ConfigureAsync(UntrustedConfigure configure, CancellationToken cancellationToken) =>
        CallAsync(options => client.ConfigureAsync(configure, options), SetupDeadline, cancellationToken);

    public Task PushCredentialsAsync(AwsCredentials credentials, CancellationToken cancellationToken) =>
        CallAsync(options => client.PushCredentialsAsync(credentials, options), StatusDeadline, cancellationToken);

    public Task<SealedKeyRow> GenesisAsync(UntrustedGenesis genesis, CancellationToken cancellationToken) =>
        CallAsync(options => client.GenesisAsync(genesis, options), SetupDeadline, cancellationToken);

    public Task<RewrapReply> RewrapAsync(UntrustedRewrap rewrap, CancellationToken cancellationToken) =>
        CallAsync(options => client.RewrapAsync(rewrap, options), SetupDeadline, cancellationToken);

    public Task<IdentityReply> GetIdentityAsync(GetIdentityRequest request, CancellationToken cancellationToken) =>
        CallAsync(options => client.GetIdentityAsync(request, options), WorkDeadline, cancellationToken);

    public Task<CheckReply> CheckKeygenAsync(UntrustedKeygen keygen, CancellationToken cancellationToken) =>
        CallAsync(options => client.CheckKeygenAsync(keygen, options), WorkDeadline, cancellationToken);

    public Task<CheckReply> CheckRegistrationAsync(UntrustedRegistration registration, CancellationToken cancellationToken) =>
        CallAsync(options => client.CheckRegistrationAsync(registration, options), WorkDeadline, cancellationToken);

    public Task<ReceiptReply> LoadGroupAsync(UntrustedBundle bundle, CancellationToken cancellationToken) =>
        CallAsync(options => client.LoadGroupAsync(bundle, options), WorkDeadline, cancellationToken);

    public Task<RoundBlob> OpenAsync(UntrustedOpen open, CancellationToken cancellationToken) =>
        BlobAsync(new ExchangeCall { Open = open }, options => client.OpenAsync(open, options), cancellationToken);

    public Task<RoundBlob> SignAsync(UntrustedSign sign, CancellationToken cancellationToken) =>
        BlobAsync(new ExchangeCall { Sign = sign }, options => client.SignAsync(sign, options), cancellationToken);

    public Task<RoundBlob> CombineAsync(UntrustedCombine combine, CancellationToken cancellationToken) =>
        BlobAsync(new ExchangeCall { Combine = combine }, options => client.CombineAsync(combine, options), cancellationToken);

    public Task<KeyAnswer> MakeMemberKeyAsync(UntrustedMakeMemberKey make, CancellationToken cancellationToken) =>
        CallAsync(options => client.MakeMemberKeyAsync(make, options), WorkDeadline, cancellationToken);

    public Task<KeyReply> AddKeyAsync(UntrustedKey key, CancellationToken cancellationToken) =>
        CallAsync(options => client.AddKeyAsync(key, options), WorkDeadline, cancellationToken);

    public Task<KeyAnswer> SingleSignAsync(UntrustedSingleSign sign, CancellationToken cancellationToken) =>
        EitherAsync(new ExchangeCall { SingleSign = sign }, answer => answer.Key, options => client.SingleSignAsync(sign, options), cancellationToken);

    public Task<ForgetReply> ForgetKeyAsync(UntrustedForgetKey forget, CancellationToken cancellationToken) =>
        CallAsync(options => client.ForgetKeyAsync(forget, options), WorkDeadline, cancellationToken);

    public Task<ForgetReply> ForgetAsync(UntrustedForget forget, CancellationToken cancellationToken) =>
        CallAsync(options => client.ForgetAsync(forget, options), WorkDeadline, cancellationToken);

    private Task<RoundBlob> BlobAsync(ExchangeCall call, Func<CallOptions, AsyncUnaryCall<RoundBlob>> alone, CancellationToken cancellationToken, [CallerMemberName] string method = "") =>
        EitherAsync(call, answer => answer.Blob, alone, cancellationToken, method);

    private Task<T> EitherAsync<T>(
        ExchangeCall call, Func<ExchangeAnswer, T?> read, Func<CallOptions, AsyncUnaryCall<T>> alone, CancellationToken cancellationToken, [CallerMemberName] string method = "")
        where T : class =>
        EnclaveExchanges.Takes(call) ? MeasureAsync(() => ExchangeAsync(call, read, cancellationToken), method, cancellationToken) : CallAsync(alone, WorkDeadline, cancellationToken, method);

    private Task<T> CallAsync<T>(Func<CallOptions, AsyncUnaryCall<T>> start, TimeSpan deadline, CancellationToken cancellationToken, [CallerMemberName] string method = "") =>
        MeasureAsync(() => AloneAsync(start, deadline, cancellationToken), method, cancellationToken);

    private async Task<(T Reply, TimeSpan? Inside)> AloneAsync<T>(Func<CallOptions, AsyncUnaryCall<T>> start, TimeSpan deadline, CancellationToken cancellationToken)
    {
        try
        {
            using var call = start(new CallOptions(deadline: telemetry.Time.GetUtcNow().UtcDateTime + deadline, cancellationToken: cancellationToken));
            var reply = await call.ResponseAsync;
            return (reply, EnclaveTime.Read(call.GetTrailers()));
        }
        catch (RpcException exception)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw EnclaveFault.FromRpc(exception);
        }
    }

    private async Task<(T Reply, TimeSpan? Inside)> ExchangeAsync<T>(ExchangeCall call, Func<ExchangeAnswer, T?> read, CancellationToken cancellationToken)
        where T : class
    {
        var answer = await exchanges.CallAsync(call, WorkDeadline, cancellationToken);
        var reply = answer.Fault is { } fault ? throw EnclaveFault.FromExchange(fault) : read(answer);
        return (reply ?? throw new KeyMeldException(ErrorCodes.EnclaveUnreachable, "The enclave answered another question."), answer.Worked > 0 ? EnclaveTime.FromUnits(answer.Worked) : null);
    }

    private async Task<T> MeasureAsync<T>(Func<Task<(T Reply, TimeSpan? Inside)>> call, string method, CancellationToken cancellationToken)
    {
        var began = telemetry.Time.GetTimestamp();
        using var span = GatewayTraces.EnclaveCall(id, method);
        Interlocked.Increment(ref _inFlight);
        try
        {
            var (reply, inside) = await call();
            telemetry.EnclaveCalled(id, method, telemetry.Time.GetElapsedTime(began), null);
            if (inside is { } worked)
            {
                telemetry.EnclaveWorked(id, method, worked);
                span?.SetTag("keymeld.inside_ms", worked.TotalMilliseconds);
            }
            return reply;
        }
        catch (KeyMeldException fault)
        {
            telemetry.EnclaveCalled(id, method, telemetry.Time.GetElapsedTime(began), fault.Code);
            span.End(fault.Code);
            if (fault.Code is ErrorCodes.EnclaveUnreachable or ErrorCodes.EnclaveLocked)
            {
                suspect();
            }
            throw;
        }
        finally
        {
            Interlocked.Decrement(ref _inFlight);
        }
    }
}
