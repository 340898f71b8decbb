using KeyMeld.Protocol.Errors;

namespace KeyMeld.Tests.Specifications.Groups;

/// <summary>What a group of two places is to whoever asks the gateway.</summary>
internal enum GroupPhase : byte
{
    Absent,
    Joining,
    Formed,
    Failed,
    Expired,
    Erased,
}

/// <summary>The whole state of the model: two bits each for who joined and whose envelope is kept.</summary>
internal readonly record struct GroupModel(GroupPhase Phase, byte Joined, byte Envelopes)
{
    private const byte All = 0b11;

    public static readonly GroupModel Initial = new(GroupPhase.Absent, 0, 0);

    public bool HasJoined(int place) => (Joined & (1 << place)) != 0;

    public bool HasEnvelope(int place) => (Envelopes & (1 << place)) != 0;

    public bool IsFinal => Phase is GroupPhase.Formed or GroupPhase.Failed or GroupPhase.Expired or GroupPhase.Erased;

    public GroupModel Create() => Phase == GroupPhase.Absent ? this with { Phase = GroupPhase.Joining } : this;

    /// <param name="place">0 or 1.</param>
    /// <param name="accepted">Whether the enclaves load the group, where this registration completes it.</param>
    public GroupModel Join(int place, bool accepted = true)
    {
        if (Phase != GroupPhase.Joining || HasJoined(place))
        {
            return this;
        }
        var joined = (byte)(Joined | (1 << place));
        return new GroupModel(joined != All ? GroupPhase.Joining : accepted ? GroupPhase.Formed : GroupPhase.Failed, joined, joined);
    }

    public GroupModel Pass() => Phase == GroupPhase.Joining ? this with { Phase = GroupPhase.Expired } : this;

    public GroupModel Erase() => Phase is GroupPhase.Joining or GroupPhase.Failed or GroupPhase.Expired ? this with { Phase = GroupPhase.Erased, Envelopes = 0 } : this;

    public GroupModel EraseMember(int place) => Phase == GroupPhase.Formed ? this with { Envelopes = (byte)(Envelopes & ~(1 << place)) } : this;

    /// <summary>The state word on the wire; null where there is nothing to show.</summary>
    public string? Word => Phase switch
    {
        GroupPhase.Absent => null,
        _ => Phase.ToString().ToLowerInvariant(),
    };

    /// <summary>What the gateway answers a creator's manifest: a state or an error code.</summary>
    public string AnswerCreate => Phase == GroupPhase.Erased ? ErrorCodes.Erased : Create().Word!;

    public string AnswerJoin(int place, bool accepted = true) => Phase switch
    {
        GroupPhase.Absent => ErrorCodes.NotFound,
        GroupPhase.Erased => HasJoined(place) ? ErrorCodes.Erased : ErrorCodes.NotFound,
        GroupPhase.Failed or GroupPhase.Expired when !HasJoined(place) => ErrorCodes.JoinClosed,
        _ => Join(place, accepted).Word!,
    };

    /// <summary>What another registration than the one that stands in the place is answered.</summary>
    public string AnswerOther => Phase is GroupPhase.Absent or GroupPhase.Erased ? ErrorCodes.NotFound : ErrorCodes.SlotTaken;

    public string AnswerErase => Phase switch
    {
        GroupPhase.Absent => ErrorCodes.NotFound,
        GroupPhase.Formed => ErrorCodes.AlreadyFormed,
        _ => Erase().Word!,
    };

    public string AnswerEraseMember(int place) => Phase switch
    {
        GroupPhase.Absent or GroupPhase.Erased => ErrorCodes.NotFound,
        GroupPhase.Formed => Word!,
        _ => HasJoined(place) ? ErrorCodes.GroupNotFormed : ErrorCodes.NotFound,
    };

    public override string ToString() => Phase switch
    {
        GroupPhase.Joining or GroupPhase.Expired or GroupPhase.Failed => $"{Word} {Places(Joined)}",
        GroupPhase.Formed => Envelopes == All ? "formed" : $"formed, envelopes {Places(Envelopes)}",
        GroupPhase.Erased => $"erased {Places(Joined)}",
        _ => "absent",
    };

    private static string Places(byte bits) => bits switch
    {
        0 => "none",
        1 => "A",
        2 => "B",
        _ => "A B",
    };
}
