using System.Formats.Cbor;

namespace KeyMeld.Attestation;

/// <summary>
/// The signed payload (attestation_process.md sections 2.2.2 and 3.2.2.2): a definite or indefinite map, keys in any order, duplicates refused, absent optionals null or left
/// out. Keys AWS may add are skipped and never interpreted; NitroTPM's registers, which the same root signs, are refused.
/// </summary>
internal sealed class PayloadReader
{
    private const int MaxOptionalLength = 1024;
    private const int MaxCertificateLength = 1024;
    private const int MaxBundle = 8;
    private const int MaxRegisters = 32;
    private const int MaxModuleId = 128;
    private const int MaxSkippedDepth = 4;
    private const ulong MaxTimestamp = 253_402_300_799_999; // year 9999, the end of DateTimeOffset

    private readonly CborReader reader;
    private readonly HashSet<string> seen = [];
    private string? moduleId, digest;
    private DateTimeOffset? timestamp;
    private Pcrs? pcrs;
    private ReadOnlyMemory<byte>? certificate, publicKey, userData, nonce;
    private List<ReadOnlyMemory<byte>>? bundle;

    private PayloadReader(byte[] payload) => reader = new CborReader(payload, CborConformanceMode.Strict);

    public static AttestationDocument Read(CoseSign1 envelope)
    {
        var payload = new PayloadReader(envelope.Payload);
        payload.ReadFields();
        return payload.Document(envelope);
    }

    private void ReadFields()
    {
        reader.ReadStartMap();
        while (reader.PeekState() != CborReaderState.EndMap)
        {
            var name = ReadText();
            // The strict reader compares encodings; a key spelled with a longer length than it needs would pass it.
            if (!seen.Add(name))
            {
                throw Duplicate();
            }
            ReadField(name);
        }
        reader.ReadEndMap();
        if (reader.BytesRemaining != 0)
        {
            throw new AttestationException(AttestationFailure.Encoding, "Bytes follow the attestation document's payload.");
        }
    }

    private void ReadField(string name)
    {
        switch (name)
        {
            case "module_id": moduleId = ReadModuleId(); break;
            case "digest": digest = ReadText(); break;
            case "timestamp": timestamp = ReadTimestamp(); break;
            case "pcrs": pcrs = ReadPcrs(); break;
            case "certificate": certificate = ReadBytes(name, 1, MaxCertificateLength); break;
            case "cabundle": bundle = ReadBundle(); break;
            case "public_key": publicKey = ReadOptional(name, 1); break;
            case "user_data": userData = ReadOptional(name, 0); break;
            case "nonce": nonce = ReadOptional(name, 0); break;
            case "nitrotpm_pcrs": throw new AttestationException(AttestationFailure.Product, "The document is a NitroTPM's, not an enclave's.");
            default: Skip(MaxSkippedDepth); break;
        }
    }

    private AttestationDocument Document(CoseSign1 envelope)
    {
        if (digest is not null and not "SHA384")
        {
            throw Invalid("digest", "is not SHA384");
        }
        return new AttestationDocument(envelope)
        {
            ModuleId = moduleId ?? throw Missing("module_id"),
            Timestamp = digest is null ? throw Missing("digest") : timestamp ?? throw Missing("timestamp"),
            Pcrs = pcrs ?? throw Missing("pcrs"),
            Certificate = certificate ?? throw Missing("certificate"),
            CaBundle = bundle ?? throw Missing("cabundle"),
            PublicKey = publicKey,
            UserData = userData,
            Nonce = nonce,
        };
    }

    private string ReadText() => reader.PeekState() == CborReaderState.TextString
        ? reader.ReadTextString()
        : throw new AttestationException(AttestationFailure.Encoding, "The attestation document has an item that is not a definite text string where one is due.");

    private string ReadModuleId()
    {
        var value = ReadText();
        return value.Length is > 0 and <= MaxModuleId ? value : throw Invalid("module_id", $"does not have 1 to {MaxModuleId} characters");
    }

    private DateTimeOffset ReadTimestamp()
    {
        var value = reader.ReadUInt64();
        return value is > 0 and <= MaxTimestamp ? DateTimeOffset.FromUnixTimeMilliseconds((long)value) : throw Invalid("timestamp", "is out of range");
    }

    private Pcrs ReadPcrs()
    {
        reader.ReadStartMap();
        var registers = new Dictionary<int, byte[]>();
        while (reader.PeekState() != CborReaderState.EndMap)
        {
            var index = reader.ReadUInt64();
            var value = reader.ReadDefiniteLengthByteString();
            // The process allows 32 and 64 bytes too, for digests other than SHA384, which are refused as such.
            if (index >= MaxRegisters || value.Length != PcrMath.Size)
            {
                throw Invalid("pcrs", $"has an index over {MaxRegisters - 1} or a value of other than {PcrMath.Size} bytes");
            }
            if (!registers.TryAdd((int)index, value.ToArray()))
            {
                throw Duplicate();
            }
        }
        reader.ReadEndMap();
        return registers.ContainsKey(0) && registers.ContainsKey(1) && registers.ContainsKey(2) ? new Pcrs(registers) : throw Invalid("pcrs", "lacks PCR0, PCR1 or PCR2");
    }

    private List<ReadOnlyMemory<byte>> ReadBundle()
    {
        reader.ReadStartArray();
        var certificates = new List<ReadOnlyMemory<byte>>();
        while (reader.PeekState() != CborReaderState.EndArray)
        {
            if (certificates.Count == MaxBundle)
            {
                throw Invalid("cabundle", $"has more than {MaxBundle} certificates");
            }
            certificates.Add(ReadBytes("cabundle", 1, MaxCertificateLength));
        }
        reader.ReadEndArray();
        return certificates.Count > 0 ? certificates : throw Invalid("cabundle", "is empty");
    }

    private ReadOnlyMemory<byte>? ReadOptional(string name, int min)
    {
        if (reader.PeekState() == CborReaderState.Null)
        {
            reader.ReadNull();
            return null;
        }
        return ReadBytes(name, min, MaxOptionalLength);
    }

    private ReadOnlyMemory<byte> ReadBytes(string name, int min, int max)
    {
        var value = reader.ReadDefiniteLengthByteString();
        return value.Length >= min && value.Length <= max ? value.ToArray() : throw Invalid(name, $"does not have {min} to {max} bytes");
    }

    /// <summary>Passes over a value nobody interprets, without following it deeper than a value of AWS' would go.</summary>
    private void Skip(int depth)
    {
        if (depth == 0)
        {
            throw new AttestationException(AttestationFailure.Encoding, "The attestation document is nested too deeply.");
        }
        switch (reader.PeekState())
        {
            case CborReaderState.StartArray:
                reader.ReadStartArray();
                while (reader.PeekState() != CborReaderState.EndArray)
                {
                    Skip(depth - 1);
                }
                reader.ReadEndArray();
                break;
            case CborReaderState.StartMap:
                reader.ReadStartMap();
                while (reader.PeekState() != CborReaderState.EndMap)
                {
                    Skip(depth - 1);
                }
                reader.ReadEndMap();
                break;
            case CborReaderState.Tag:
                reader.ReadTag();
                Skip(depth - 1);
                break;
            default:
                reader.SkipValue();
                break;
        }
    }

    private static AttestationException Duplicate() => new(AttestationFailure.Encoding, "The attestation document has a key twice.");

    private static AttestationException Missing(string field) => new(AttestationFailure.Field, $"The attestation document has no {field}.");

    private static AttestationException Invalid(string field, string what) => new(AttestationFailure.Field, $"The attestation document's {field} {what}.");
}
