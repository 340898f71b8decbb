using System.Collections.Concurrent;
using System.Threading.Channels;
using KeyMeld.Gateway.Cluster;
using KeyMeld.Protocol.Ids;

namespace KeyMeld.Gateway.Http;

/// <summary>
/// Who waits for which object. What is announced is on disk already; whoever subscribes first and reads the database then misses nothing. Other gateways of the same database are told where to
/// look (<see cref="INewsBus"/>).
/// </summary>
internal sealed class Announcements<T>(NewsKind kind, INewsBus bus)
    where T : class
{
    private const int UnreadStates = 8;
    private readonly ConcurrentDictionary<Hash32, Subscription[]> _subscriptions = [];

    public Subscription Subscribe(Hash32 id)
    {
        var subscription = new Subscription(this, id);
        _subscriptions.AddOrUpdate(id, _ => [subscription], (_, others) => [.. others, subscription]);
        return subscription;
    }

    /// <summary>Whether somebody waits here for news of it.</summary>
    public bool IsWatched(Hash32 id) => _subscriptions.ContainsKey(id);

    /// <summary>Everything somebody waits for here.</summary>
    public IReadOnlyCollection<Hash32> Watched => [.. _subscriptions.Keys];

    /// <summary>Tells those here, and other gateways.</summary>
    public void Announce(Hash32 id, T state)
    {
        Tell(id, state);
        bus.Publish(kind, id);
    }

    /// <summary>Tells those here: of what another gateway did, or what concerns nobody elsewhere.</summary>
    public void Tell(Hash32 id, T state)
    {
        if (_subscriptions.TryGetValue(id, out var subscriptions))
        {
            foreach (var subscription in subscriptions)
            {
                subscription.Tell(state);
            }
        }
    }

    private void Unsubscribe(Subscription gone)
    {
        while (_subscriptions.TryGetValue(gone.Id, out var subscriptions))
        {
            var rest = Array.FindAll(subscriptions, subscription => subscription != gone);
            if (rest.Length == 0 ? _subscriptions.TryRemove(new(gone.Id, subscriptions)) : _subscriptions.TryUpdate(gone.Id, rest, subscriptions))
            {
                return;
            }
        }
    }

    public sealed class Subscription(Announcements<T> owner, Hash32 id) : IDisposable
    {
        // Slow readers lose old states, never the newest.
        private readonly Channel<T> _states = Channel.CreateBounded<T>(new BoundedChannelOptions(UnreadStates) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });

        public Hash32 Id => id;

        public ValueTask<T> NextAsync(CancellationToken cancellationToken) => _states.Reader.ReadAsync(cancellationToken);

        public void Tell(T state) => _states.Writer.TryWrite(state);

        public void Dispose() => owner.Unsubscribe(this);
    }
}
