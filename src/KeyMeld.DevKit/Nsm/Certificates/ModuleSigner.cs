// The attestation document in the form and order of real ones (aws-nitro-enclaves-nsm-api docs/attestation_process.md section 2), untagged COSE_Sign1.
using System.Formats.Cbor;
using System.Security.Cryptography;
using System.Security.Cryptography.Cose;
using KeyMeld.DevKit.Nsm.Device;

namespace KeyMeld.DevKit.Nsm.Certificates;

/// <summary>Signs attestation documents for one enclave with a leaf of three hours, renewed in time. Thread-safe.</summary>
internal sealed class ModuleSigner(InstanceAuthority instance, string moduleId, TimeProvider clock) : IDisposable
{
    private const byte CoseSign1Tag = 0xd2;
    private static readonly TimeSpan LeafLifetime = TimeSpan.FromHours(3);
    private static readonly TimeSpan LeafMargin = TimeSpan.FromMinutes(30);

    private readonly Lock _gate = new();
    private NitroCertificate? _leaf;
    private byte[][] _bundle = [];

    public string ModuleId => moduleId;

    public byte[] Sign(NsmRequest.Attestation request, RegisterBank registers)
    {
        lock (_gate)
        {
            var now = clock.GetUtcNow();
            if (_leaf?.IsUsable(now, LeafMargin) != true)
            {
                _leaf?.Dispose();
                (_leaf, _bundle) = instance.IssueLeaf(moduleId, LeafLifetime, now);
            }
            var tagged = CoseSign1Message.SignEmbedded(Payload(request, registers, now), new CoseSigner(_leaf.Key, HashAlgorithmName.SHA384));
            return tagged[0] == CoseSign1Tag ? tagged[1..] : throw new CryptographicException("COSE_Sign1 without its tag: the library changed.");
        }
    }

    public void Dispose() => _leaf?.Dispose();

    private byte[] Payload(NsmRequest.Attestation request, RegisterBank registers, DateTimeOffset now)
    {
        var writer = new CborWriter(CborConformanceMode.Strict);
        writer.WriteStartMap(9);
        writer.WriteTextString("module_id");
        writer.WriteTextString(moduleId);
        writer.WriteTextString("digest");
        writer.WriteTextString("SHA384");
        writer.WriteTextString("timestamp");
        writer.WriteInt64(now.ToUnixTimeMilliseconds());
        writer.WriteTextString("pcrs");
        writer.WriteStartMap(registers.Locked.Count);
        foreach (var index in registers.Locked)
        {
            writer.WriteInt32(index);
            writer.WriteByteString(registers[index]);
        }
        writer.WriteEndMap();
        writer.WriteTextString("certificate");
        writer.WriteByteString(_leaf!.Certificate.RawData);
        writer.WriteTextString("cabundle");
        writer.WriteStartArray(_bundle.Length);
        Array.ForEach(_bundle, writer.WriteByteString);
        writer.WriteEndArray();
        WriteOptional(writer, "public_key", request.PublicKey);
        WriteOptional(writer, "user_data", request.UserData);
        WriteOptional(writer, "nonce", request.Nonce);
        writer.WriteEndMap();
        return writer.Encode();
    }

    private static void WriteOptional(CborWriter writer, string name, byte[]? value)
    {
        writer.WriteTextString(name);
        if (value is null)
        {
            writer.WriteNull();
        }
        else
        {
            writer.WriteByteString(value);
        }
    }
}
