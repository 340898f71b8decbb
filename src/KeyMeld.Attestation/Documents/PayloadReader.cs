using System.Formats.Cbor;

namespace KeyMeld.Attestation;

/// <summary>
/// The signed payload (attestation_process.md sections 2.2.2 and 3.2.2.2): a definite or indefinite map, keys in any order, duplicates refused, absent
/// optionals null or left out. Keys AWS may add are skipped and never interpreted; NitroTPM's registers, which the same root signs, are refused.
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

    private readonly CborReader _reader;
    private readonly HashSet<string> _seen = [];
    private string? _moduleId, _digest;
    private DateTimeOffset? _timestamp;
    private Pcrs? _pcrs;
    private ReadOnlyMemory<byte>? _certificate, _publicKey, _userData, _nonce;
    private List<ReadOnlyMemory<byte>>? _bundle;

    private PayloadReader(byte[] payload) => _reader = new CborReader(payload, CborConformanceMode.Strict);

    public static AttestationDocument Read(CoseSign1 envelope)
    {
        var payload = new PayloadReader(envelope.Payload);
        payload.ReadFields();
        return payload.Document(envelope);
    }

    private void ReadFields()
    {
        _reader.ReadStartMap();
        while (_reader.PeekState() != CborReaderState.EndMap)
        {
            var name = ReadText();
            // The strict reader compares encodings; a key spelled with a longer length than it needs would pass it.
            if (!_seen.Add(name))
            {
                throw Duplicate();
            }
            ReadField(name);
        }
        _reader.ReadEndMap();
        if (_reader.BytesRemaining != 0)
        {
            throw new AttestationException(AttestationFailure.Encoding, "Bytes follow the attestation document's payload.");
        }
    }

    private void ReadField(string name)
    {
        switch (name)
        {
            case "module_id": _moduleId = ReadModuleId(); break;
            case "digest": _digest = ReadText(); break;
            case "timestamp": _timestamp = ReadTimestamp(); break;
            case "pcrs": _pcrs = ReadPcrs(); break;
            case "certificate": _certificate = ReadBytes(name, 1, MaxCertificateLength); break;
            case "cabundle": _bundle = ReadBundle(); break;
            case "public_key": _publicKey = ReadOptional(name, 1); break;
            case "user_data": _userData = ReadOptional(name, 0); break;
            case "nonce": _nonce = ReadOptional(name, 0); break;
            case "nitrotpm_pcrs": throw new AttestationException(AttestationFailure.Product, "The document is a NitroTPM's, not an enclave's.");
            default: Skip(MaxSkippedDepth); break;
        }
    }

    private AttestationDocument Document(CoseSign1 envelope)
    {
        if (_digest is not null and not "SHA384")
        {
            throw Invalid("digest", "is not SHA384");
        }
        return new AttestationDocument(envelope)
        {
            ModuleId = _moduleId ?? throw Missing("module_id"),
            Timestamp = _digest is null ? throw Missing("digest") : _timestamp ?? throw Missing("timestamp"),
            Pcrs = _pcrs ?? throw Missing("pcrs"),
            Certificate = _certificate ?? throw Missing("certificate"),
            CaBundle = _bundle ?? throw Missing("cabundle"),
            PublicKey = _publicKey,
            UserData = _userData,
            Nonce = _nonce,
        };
    }

    private string ReadText() => _reader.PeekState() == CborReaderState.TextString
        ? _reader.ReadTextString()
        : throw new AttestationException(AttestationFailure.Encoding,
            "The attestation document has an item that is not a definite text string where one is due.");

    private string ReadModuleId()
    {
        var value = ReadText();
        return value.Length is > 0 and <= MaxModuleId ? value : throw Invalid("module_id", $"does not have 1 to {MaxModuleId} characters");
    }

    private DateTimeOffset ReadTimestamp()
    {
        var value = _reader.ReadUInt64();
        return value is > 0 and <= MaxTimestamp ? DateTimeOffset.FromUnixTimeMilliseconds((long)value) : throw Invalid("timestamp", "is out of range");
    }

    private Pcrs ReadPcrs()
    {
        _reader.ReadStartMap();
        var registers = new Dictionary<int, byte[]>();
        while (_reader.PeekState() != CborReaderState.EndMap)
        {
            var index = _reader.ReadUInt64();
            var value = _reader.ReadDefiniteLengthByteString();
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
        _reader.ReadEndMap();
        return registers.ContainsKey(0) && registers.ContainsKey(1) && registers.ContainsKey(2)
            ? new Pcrs(registers)
            : throw Invalid("pcrs", "lacks PCR0, PCR1 or PCR2");
    }

    private List<ReadOnlyMemory<byte>> ReadBundle()
    {
        _reader.ReadStartArray();
        var certificates = new List<ReadOnlyMemory<byte>>();
        while (_reader.PeekState() != CborReaderState.EndArray)
        {
            if (certificates.Count == MaxBundle)
            {
                throw Invalid("cabundle", $"has more than {MaxBundle} certificates");
            }
            certificates.Add(ReadBytes("cabundle", 1, MaxCertificateLength));
        }
        _reader.ReadEndArray();
        return certificates.Count > 0 ? certificates : throw Invalid("cabundle", "is empty");
    }

    private ReadOnlyMemory<byte>? ReadOptional(string name, int min)
    {
        if (_reader.PeekState() == CborReaderState.Null)
        {
            _reader.ReadNull();
            return null;
        }
        return ReadBytes(name, min, MaxOptionalLength);
    }

    private ReadOnlyMemory<byte> ReadBytes(string name, int min, int max)
    {
        var value = _reader.ReadDefiniteLengthByteString();
        return value.Length >= min && value.Length <= max ? value.ToArray() : throw Invalid(name, $"does not have {min} to {max} bytes");
    }

    /// <summary>Passes over a value nobody interprets, without following it deeper than a value of AWS' would go.</summary>
    private void Skip(int depth)
    {
        if (depth == 0)
        {
            throw new AttestationException(AttestationFailure.Encoding, "The attestation document is nested too deeply.");
        }
        switch (_reader.PeekState())
        {
            case CborReaderState.StartArray:
                _reader.ReadStartArray();
                while (_reader.PeekState() != CborReaderState.EndArray)
                {
                    Skip(depth - 1);
                }
                _reader.ReadEndArray();
                break;
            case CborReaderState.StartMap:
                _reader.ReadStartMap();
                while (_reader.PeekState() != CborReaderState.EndMap)
                {
                    Skip(depth - 1);
                }
                _reader.ReadEndMap();
                break;
            case CborReaderState.Tag:
                _reader.ReadTag();
                Skip(depth - 1);
                break;
            default:
                _reader.SkipValue();
                break;
        }
    }

    private static AttestationException Duplicate() => new(AttestationFailure.Encoding, "The attestation document has a key twice.");

    private static AttestationException Missing(string field) => new(AttestationFailure.Field, $"The attestation document has no {field}.");

    private static AttestationException Invalid(string field, string what) => new(AttestationFailure.Field, $"The attestation document's {field} {what}.");
}
