using KeyMeld.Protocol.Encoding;
using KeyMeld.Protocol.Ids;
using KeyMeld.Secp256k1;

namespace KeyMeld.Protocol.Statements;

/// <summary>One place in a group.</summary>
/// <param name="User">Who it is for.</param>
/// <param name="Admission">The key that admits whoever registers here.</param>
/// <param name="Enclave">Index of the hosting enclave in the manifest; null signs at home.</param>
public sealed record Participant(Id16 User, XOnlyPublicKey Admission, int? Enclave)
{
    internal static Participant[] ReadAll(ref StrictCborReader reader)
    {
        var participants = new Participant[reader.ReadArray(1, Limits.Participants)];
        for (var i = 0; i < participants.Length; i++)
        {
            var map = reader.ReadMap();
            reader.Key(ref map, "user"u8);
            var user = reader.ReadId();
            int? enclave = reader.TryKey(ref map, "enclave"u8) ? reader.ReadInt() : null;
            reader.Key(ref map, "admission"u8);
            participants[i] = new Participant(user, reader.ReadXOnly(), enclave);
            reader.EndMap(map);
        }
        return participants;
    }

    internal static void WriteAll(CborEncoder encoder, IReadOnlyList<Participant> participants)
    {
        encoder.Array(participants.Count);
        foreach (var participant in participants)
        {
            encoder.Map(participant.Enclave is null ? 2 : 3).Key("user"u8).Id(participant.User);
            if (participant.Enclave is { } enclave)
            {
                encoder.Key("enclave"u8).Number(enclave);
            }
            encoder.Key("admission"u8).Bytes(participant.Admission.Bytes);
        }
    }
}

/// <summary>Participants who also sign as a key of their own.</summary>
/// <param name="Id">Distinct within the manifest.</param>
/// <param name="Members">At least two indexes of participants, strictly ascending.</param>
public sealed record Subset(Id16 Id, IReadOnlyList<int> Members)
{
    internal static Subset[] ReadAll(ref StrictCborReader reader)
    {
        var subsets = new Subset[reader.ReadArray(0, Limits.Subsets)];
        for (var i = 0; i < subsets.Length; i++)
        {
            var map = reader.ReadMap();
            reader.Key(ref map, "id"u8);
            var id = reader.ReadId();
            reader.Key(ref map, "members"u8);
            subsets[i] = new Subset(id, reader.ReadIndexes(2, Limits.Participants));
            reader.EndMap(map);
        }
        return subsets;
    }

    internal static void WriteAll(CborEncoder encoder, IReadOnlyList<Subset> subsets)
    {
        encoder.Array(subsets.Count);
        foreach (var subset in subsets)
        {
            encoder.Map(2).Key("id"u8).Id(subset.Id).Key("members"u8).Indexes(subset.Members);
        }
    }
}

/// <summary>Whose approval a request needs, beside that of every signer who asked to be asked.</summary>
/// <param name="Members">Indexes of participants, strictly ascending.</param>
/// <param name="Threshold">How many of them; 0 exactly in an unattended group.</param>
public sealed record ApprovalPolicy(IReadOnlyList<int> Members, int Threshold)
{
    internal static ApprovalPolicy Read(ref StrictCborReader reader)
    {
        var map = reader.ReadMap();
        reader.Key(ref map, "members"u8);
        var members = reader.ReadIndexes(0, Limits.Participants);
        reader.Key(ref map, "threshold"u8);
        var policy = new ApprovalPolicy(members, reader.ReadInt());
        reader.EndMap(map);
        return policy;
    }

    internal void Write(CborEncoder encoder) => encoder.Map(2).Key("members"u8).Indexes(Members).Key("threshold"u8).Number(Threshold);
}
