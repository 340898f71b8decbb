using KeyMeld.Secp256k1;

namespace KeyMeld.Client;

/// <summary>The keys a creator draws for one group: its own, and an admission key for each place whose owner brought none.</summary>
internal sealed class DrawnKeys : IDisposable
{
    private DrawnKeys(SecretKey creator, Dictionary<int, SecretKey> drawn, IReadOnlyList<XOnlyPublicKey> admissions) => (Creator, Drawn, Admissions) = (creator, drawn, admissions);

    public SecretKey Creator { get; }

    public IReadOnlyDictionary<int, SecretKey> Drawn { get; }

    /// <summary>The admission key of every place.</summary>
    public IReadOnlyList<XOnlyPublicKey> Admissions { get; }

    public static DrawnKeys For(GroupPlan plan)
    {
        var drawn = new Dictionary<int, SecretKey>();
        var admissions = new List<XOnlyPublicKey>();
        foreach (var (place, participant) in plan.Participants.Index())
        {
            if (participant.Admission is null)
            {
                drawn.Add(place, SecretKey.Generate());
            }
            admissions.Add(participant.Admission ?? drawn[place].XOnlyPublicKey);
        }
        return new DrawnKeys(SecretKey.Generate(), drawn, admissions);
    }

    public void Dispose()
    {
        Creator.Dispose();
        foreach (var key in Drawn.Values)
        {
            key.Dispose();
        }
    }
}
