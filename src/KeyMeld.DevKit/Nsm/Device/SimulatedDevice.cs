// What /dev/nsm answers, errors included (Linux drivers/misc/nsm.c; nsm-api nsm-check.rs; QEMU hw/virtio/virtio-nsm.c for the error of each case).
using KeyMeld.DevKit.Nsm.Certificates;

namespace KeyMeld.DevKit.Nsm.Device;

/// <summary>
/// A Nitro Secure Module from one boot of an enclave to the next, with its registers. Not thread-safe; the device serialises its callers too.
/// </summary>
internal sealed class SimulatedDevice(ModuleSigner signer, RegisterBank registers)
{
    private const int RandomSize = 256;
    private const int MaxAttestedLength = 1024;

    public byte[] Answer(ReadOnlyMemory<byte> request) => request.Length > NsmRequest.MaxSize
        ? NsmResponse.Error("InputTooLarge")
        : NsmRequest.TryParse(request) switch
        {
            NsmRequest.DescribeNsm => NsmResponse.DescribeNsm(signer.ModuleId, RegisterBank.Count, registers.Locked),
            NsmRequest.GetRandom => NsmResponse.GetRandom(KernelRandom.Bytes(RandomSize)),
            NsmRequest.Attestation attestation => Attest(attestation),
            NsmRequest.DescribePcr { Index: >= RegisterBank.Count } => NsmResponse.Error("InvalidIndex"),
            NsmRequest.DescribePcr { Index: var index } => NsmResponse.DescribePcr(registers.IsLocked(index), registers[index]),
            NsmRequest.ExtendPcr { Index: >= RegisterBank.Count } => NsmResponse.Error("InvalidIndex"),
            NsmRequest.ExtendPcr { Index: var index } when registers.IsLocked(index) => NsmResponse.Error("ReadOnlyIndex"),
            NsmRequest.ExtendPcr extend => Extend(extend),
            NsmRequest.LockPcr { Index: >= RegisterBank.Count } => NsmResponse.Error("InvalidIndex"),
            NsmRequest.LockPcr { Index: var index } when registers.IsLocked(index) => NsmResponse.Error("ReadOnlyIndex"),
            NsmRequest.LockPcr { Index: var index } => Lock(index),
            NsmRequest.LockPcrs { Range: > RegisterBank.Count } => NsmResponse.Error("InvalidIndex"),
            NsmRequest.LockPcrs { Range: var range } => LockFirst(range),
            _ => NsmResponse.Error("InvalidOperation"),
        };

    private byte[] Attest(NsmRequest.Attestation request)
    {
        if (request.PublicKey is { Length: 0 })
        {
            return NsmResponse.Error("InvalidArgument");
        }
        return request.UserData?.Length > MaxAttestedLength || request.Nonce?.Length > MaxAttestedLength || request.PublicKey?.Length > MaxAttestedLength
            ? NsmResponse.Error("InputTooLarge")
            : NsmResponse.Attestation(signer.Sign(request, registers));
    }

    private byte[] Extend(NsmRequest.ExtendPcr request)
    {
        registers.Extend(request.Index, request.Data);
        return NsmResponse.ExtendPcr(registers[request.Index]);
    }

    private byte[] Lock(int index)
    {
        registers.Lock(index);
        return NsmResponse.LockPcr();
    }

    private byte[] LockFirst(int range)
    {
        registers.LockFirst(range);
        return NsmResponse.LockPcrs();
    }
}
