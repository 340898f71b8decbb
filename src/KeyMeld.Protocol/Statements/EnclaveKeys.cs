using KeyMeld.Protocol.Encoding;
using KeyMeld.Secp256k1;

namespace KeyMeld.Protocol.Statements;

/// <summary>One key epoch of one enclave, as a manifest or a key statement names it. Clients trust the keys; number and epoch carry no trust.</summary>
/// <param name="Key">The identity key, to which everything for this enclave is encrypted.</param>
/// <param name="Sign">The statement key, with which the enclave signs.</param>
/// <param name="Epoch">The key epoch.</param>
/// <param name="Id">The enclave's number.</param>
public sealed record EnclaveKeys(PublicKey Key, XOnlyPublicKey Sign, int Epoch, int Id)
{
    internal static EnclaveKeys Read(ref StrictCborReader reader)
    {
        var map = reader.ReadMap();
        reader.Key(ref map, "id"u8);
        var id = reader.ReadInt();
        reader.Key(ref map, "key"u8);
        var key = reader.ReadPublicKey();
        reader.Key(ref map, "sign"u8);
        var sign = reader.ReadXOnly();
        reader.Key(ref map, "epoch"u8);
        var epoch = reader.ReadInt();
        reader.EndMap(map);
        return new EnclaveKeys(key, sign, epoch, id);
    }

    internal static EnclaveKeys[] ReadAll(ref StrictCborReader reader)
    {
        var entries = new EnclaveKeys[reader.ReadArray(1, Limits.Enclaves)];
        for (var i = 0; i < entries.Length; i++)
        {
            entries[i] = Read(ref reader);
        }
        return entries;
    }

    internal static void WriteAll(CborEncoder encoder, IReadOnlyList<EnclaveKeys> entries)
    {
        encoder.Array(entries.Count);
        foreach (var entry in entries)
        {
            entry.Write(encoder);
        }
    }

    internal void Write(CborEncoder encoder) =>
        encoder.Map(4).Key("id"u8).Number(Id).Key("key"u8).Bytes(Key.Bytes).Key("sign"u8).Bytes(Sign.Bytes).Key("epoch"u8).Number(Epoch);

    internal void Check()
    {
        Rules.Number(Id, "An enclave's number");
        Rules.Number(Epoch, "An enclave's epoch");
    }
}
