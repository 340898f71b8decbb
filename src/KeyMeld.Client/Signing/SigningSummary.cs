using KeyMeld.Protocol.Statements;

namespace KeyMeld.Client;

/// <summary>A signing as the profile knows it.</summary>
/// <param name="Reference">Which signing.</param>
/// <param name="Created">When it was requested.</param>
/// <param name="Expires">When the request ends.</param>
/// <param name="Requested">Whether this profile requested it.</param>
/// <param name="Decision">This profile's decision: true approved, false rejected, null none.</param>
/// <param name="State">The last state seen.</param>
/// <param name="Names">What the requester's profile calls the items.</param>
public sealed record SigningSummary(
    SigningReference Reference, DateTimeOffset Created, DateTimeOffset Expires, bool Requested, bool? Decision, SigningState State, IReadOnlyList<string?> Names)
{
    /// <summary>How many items it is for.</summary>
    public int Items { get; init; }

    internal static SigningSummary Of(SigningRecord record)
    {
        var request = SigningRequest.Parse(record.Statement.Statement);
        bool? decision = record switch { { Rejection: not null } => false, { Approval: not null } => true, _ => null };
        return new SigningSummary(
            new SigningReference(new Uri(record.Gateway), record.Group, record.Request),
            UnixTime.ToDate(request.Created),
            UnixTime.ToDate(request.Expires),
            record.Requested,
            decision,
            record.State,
            record.Names)
        {
            Items = request.Items,
        };
    }
}
