using System.Collections.Immutable;

namespace KeyMeld.Gateway.Signing.Rounds;

/// <summary>One answer of every node, in node order. Never changed: filling a place gives a new value.</summary>
internal sealed record Slots<T>
    where T : class
{
    private readonly ImmutableArray<T?> _places;

    private Slots(ImmutableArray<T?> places) => _places = places;

    public static Slots<T> Empty(int count) => new([.. new T?[count]]);

    public int Count => _places.Length;

    public bool IsComplete => _places.All(place => place is not null);

    /// <summary>The answer of a node; null where there is none yet.</summary>
    public T? this[int node] => _places[node];

    /// <summary>Whether these nodes have answered.</summary>
    public bool Has(IEnumerable<int> nodes) => nodes.All(node => _places[node] is not null);

    public Slots<T> With(int node, T answer) => new(_places.SetItem(node, answer));

    /// <summary>All answers; only once complete.</summary>
    public ImmutableArray<T> ToArray() => [.. _places.Select(place => place ?? throw new InvalidOperationException("A node has not answered."))];
}
