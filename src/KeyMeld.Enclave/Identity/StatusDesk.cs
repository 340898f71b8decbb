using System.Reflection;
using Google.Protobuf;
using KeyMeld.Enclave.Configuration;
using KeyMeld.Protocol.Errors;
using KeyMeld.Wire.V1;

namespace KeyMeld.Enclave.Identity;

/// <summary>Who this is and what it waits for. Says nothing that is not public.</summary>
public sealed class StatusDesk(EnclaveConfiguration configuration, KeyKeeper keeper, Boot boot, EnclaveCounters counters)
{
    /// <summary>Name and version of this build.</summary>
    public static string Software { get; } = "KeyMeld.Enclave/"
        + (typeof(StatusDesk).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0");

    public EnclaveStatus Current()
    {
        var state = keeper.State;
        var kms = configuration.Kms;
        var status = new EnclaveStatus
        {
            State = StateOf(state),
            Mode = configuration.ModeName,
            Boot = ByteString.CopyFrom(boot.Id.Bytes),
            KmsKeyId = kms.KeyId,
            AttestationEnabled = kms.EnableAttestation,
            KmsRegion = kms.Region,
            KmsEndpoint = kms.Endpoint?.ToString() ?? "",
            ConfigDigest = ByteString.CopyFrom(configuration.Digest.Bytes),
            Software = Software,
            Counters = counters.Snapshot(),
        };
        status.PreviousKmsKeyIds.AddRange(kms.PreviousKeyIds);
        if (KeyTransition.NumberOf(state) is { } number)
        {
            status.EnclaveId = number;
        }
        if (ReasonOf(state) is { } reason)
        {
            (status.Reason, status.Detail, status.AwsCode) = (reason.Code, reason.Detail, reason.AwsCode ?? "");
        }
        status.Keys.AddRange((keeper.CurrentOrNull?.All ?? []).Select(identity => new EpochKey
        {
            Epoch = (uint)identity.Epoch,
            Key = ByteString.CopyFrom(identity.Key.Bytes),
            Sign = ByteString.CopyFrom(identity.Sign.Bytes),
        }));
        return status;
    }

    private static EnclaveStatus.Types.State StateOf(KeyState state) => state switch
    {
        KeyState.Unconfigured => EnclaveStatus.Types.State.Unconfigured,
        KeyState.Ready or KeyState.Pending { Before: KeyState.Ready } => EnclaveStatus.Types.State.Ready,
        _ => EnclaveStatus.Types.State.Locked,
    };

    private static LockReason? ReasonOf(KeyState state) => state switch
    {
        KeyState.Locked locked => locked.Reason,
        KeyState.Pending { Before: KeyState.Locked locked } => locked.Reason is { Code: ErrorCodes.SealedKeyMissing }
            ? locked.Reason with { Detail = "A first key is made and waits for the gateway to store it." }
            : locked.Reason,
        _ => null,
    };
}
