using KeyMeld.Protocol.Errors;


namespace KeyMeld.Tests.Specifications.Signings;

internal enum SigningPhase : byte
{
    Absent,
    Waiting,
    Running,
    Completed,
    Failed,
    Expired,
    Cancelled,
    Rejected,
}

/// <summary>
/// A signing of three members: 0 requests, two of the three must approve, and 2 wants to be asked for itself. So 1's approval is enough for the rule and not
/// for the signing, and the enclaves may be held back when it is complete.
/// </summary>
/// <param name="Phase">Where it stands.</param>
/// <param name="Approved">A bit each for the members whose approval is stored.</param>
/// <param name="Rejected">Likewise for rejects.</param>
/// <param name="Held">The enclaves do not answer for now.</param>
internal readonly record struct SigningModel(SigningPhase Phase, byte Approved, byte Rejected, bool Held)
{
    public static readonly SigningModel Initial = new(SigningPhase.Absent, 0, 0, false);

    /// <summary>Who may approve or reject beside the requester.</summary>
    public static readonly int[] Members = [1, 2];

    public bool IsFinal => Phase > SigningPhase.Running;

    /// <summary>Two approvals, the requester's among them, and member 2's own.</summary>
    public bool IsComplete => (Approved & 0b100) != 0;

    public string Word => Phase.ToString().ToLowerInvariant();

    public SigningModel Request() => Phase == SigningPhase.Absent ? this with { Phase = SigningPhase.Waiting } : this;

    public SigningModel Approve(int member)
    {
        if (Phase is SigningPhase.Absent || IsFinal || HasApproved(member))
        {
            return this;
        }
        var next = this with { Approved = (byte)(Approved | (1 << member)) };
        return next is { Phase: SigningPhase.Waiting, IsComplete: true } ? next with { Phase = Held ? SigningPhase.Running : SigningPhase.Completed } : next;
    }

    public SigningModel Reject(int member) => Phase is SigningPhase.Absent || IsFinal ? this : this with { Phase = SigningPhase.Rejected, Rejected = (byte)(1 << member) };

    public SigningModel Cancel() => Phase is SigningPhase.Absent || IsFinal ? this : this with { Phase = SigningPhase.Cancelled };

    public SigningModel Pass() => Phase is SigningPhase.Absent || IsFinal ? this : this with { Phase = SigningPhase.Expired };

    /// <summary>The enclaves answer again: with their blobs, or with a refusal that no retry helps.</summary>
    public SigningModel Release(bool refusing) =>
        Phase == SigningPhase.Running ? this with { Held = false, Phase = refusing ? SigningPhase.Failed : SigningPhase.Completed } : this with { Held = false };

    public bool HasApproved(int member) => (Approved & (1 << member)) != 0;

    public bool HasRejected(int member) => (Rejected & (1 << member)) != 0;

    public string AnswerApprove(int member) => Phase switch
    {
        SigningPhase.Absent => ErrorCodes.NotFound,
        _ when HasApproved(member) || !IsFinal || Phase == SigningPhase.Completed => Approve(member).Word,
        _ => Closed,
    };

    public string AnswerReject(int member) => Phase switch
    {
        SigningPhase.Absent => ErrorCodes.NotFound,
        _ when HasRejected(member) || !IsFinal => Reject(member).Word,
        _ => Closed,
    };

    public string AnswerCancel => Phase switch
    {
        SigningPhase.Absent => ErrorCodes.NotFound,
        SigningPhase.Cancelled => Word,
        _ => IsFinal ? Closed : Cancel().Word,
    };

    public override string ToString() => Phase switch
    {
        SigningPhase.Waiting or SigningPhase.Running => $"{Word}{(Approved == 0 ? "" : ", approved by" + Bits(Approved))}{(Held ? ", enclaves away" : "")}",
        _ => Word,
    };

    private string Closed => Phase switch
    {
        SigningPhase.Rejected => ErrorCodes.Rejected,
        SigningPhase.Cancelled => ErrorCodes.Cancelled,
        SigningPhase.Expired => ErrorCodes.Expired,
        _ => ErrorCodes.Conflict,
    };

    private static string Bits(byte bits) => string.Concat(Members.Where(member => (bits & (1 << member)) != 0).Select(member => $" {member}"));
}
