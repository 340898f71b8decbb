// SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014).
namespace KeyMeld.Cli.Load;

/// <summary>The same numbers for the same seed, for arrivals and faults that a run is to repeat. Nothing secret is ever drawn from it. Not thread-safe.</summary>
internal sealed class SeededNumbers(ulong seed)
{
    private ulong _state = seed;

    public ulong Next()
    {
        unchecked
        {
            var mixed = _state += 0x9E3779B97F4A7C15;
            mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
            mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
            return mixed ^ (mixed >> 31);
        }
    }

    /// <summary>From 0 to below <paramref name="bound"/>. The bias is that of one part in 2^32 or so.</summary>
    public int Below(int bound) => (int)(Next() % (ulong)bound);

    /// <summary>Above 0, at most 1.</summary>
    public double Unit() => ((Next() >> 11) + 1) * (1.0 / (1UL << 53));

    /// <summary>Exponentially distributed with mean 1: the gap between events that know nothing of each other.</summary>
    public double Exponential() => -Math.Log(Unit());

    /// <summary>Puts a list in another order.</summary>
    public void Shuffle<T>(IList<T> list)
    {
        for (var last = list.Count - 1; last > 0; last--)
        {
            var other = Below(last + 1);
            (list[last], list[other]) = (list[other], list[last]);
        }
    }
}
