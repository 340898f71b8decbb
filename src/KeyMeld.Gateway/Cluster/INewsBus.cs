using KeyMeld.Protocol.Ids;

namespace KeyMeld.Gateway.Cluster;

/// <summary>What a piece of news is about.</summary>
internal enum NewsKind
{
    /// <summary>A group, by its manifest hash: somebody joined, or its state or an envelope changed.</summary>
    Group,

    /// <summary>A signing, by D: its state changed.</summary>
    Signing,

    /// <summary>The rounds of a signing with members at home, by D: something is due, or a member posted something.</summary>
    Rounds,

    /// <summary>The sealed keys of an enclave changed; its number stands in the last four bytes.</summary>
    Enclave,

    /// <summary>A gateway gave up what it drove, so that another may take it up at once. About nothing in particular.</summary>
    Released,
}

/// <summary>
/// News between the gateways of one database. It says only where to look: whoever hears it reads the database, so that news may come late, twice or from anybody. What is lost with a
/// connection is made up for by <c>missed</c>, after which everything that is waited for is looked at again.
/// </summary>
internal interface INewsBus : IAsyncDisposable
{
    /// <summary>Whether other gateways may be there.</summary>
    bool IsShared { get; }

    /// <summary>Whether news of others is heard at present.</summary>
    bool IsListening { get; }

    /// <summary>Tells the others. What is told is in the database already. Returns at once.</summary>
    void Publish(NewsKind kind, Hash32 id);

    /// <summary>Begins to listen, and goes on by itself.</summary>
    /// <param name="heard">Called for each piece of news of another gateway; must not wait.</param>
    /// <param name="missed">Called whenever news may have been missed; must not wait.</param>
    void Start(Action<NewsKind, Hash32> heard, Action missed);
}

/// <summary>One gateway alone on its database.</summary>
internal sealed class LonelyBus : INewsBus
{
    public bool IsShared => false;

    public bool IsListening => false;

    public void Publish(NewsKind kind, Hash32 id)
    {
    }

    public void Start(Action<NewsKind, Hash32> heard, Action missed)
    {
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
