using System.Diagnostics;
using System.Security.Cryptography;

namespace KeyMeld.Fuzz;

/// <summary>Plays a target's seeds, its old faults and a bounded number of changed inputs, all in this process.</summary>
internal sealed class Campaign(string regressions, string faults)
{
    // A hang guard and a bomb guard, far above what any parser needs for these sizes.
    private static readonly TimeSpan MostTime = TimeSpan.FromSeconds(60);
    private const long MostMemory = 256L << 20;

    /// <summary>Plays them all; true if nothing was found.</summary>
    public bool Run(FuzzTarget target, int runs, int seed)
    {
        var seeds = target.Seeds().ToList();
        if (seeds.Count == 0)
        {
            Console.Error.WriteLine($"{target.Name}: no seeds");
            return false;
        }
        var watch = Stopwatch.StartNew();
        var old = Path.Combine(regressions, target.Name);
        var fixedInputs = Directory.Exists(old) ? Directory.GetFiles(old).Order(StringComparer.Ordinal).Select(File.ReadAllBytes) : [];
        var mutator = new Mutator(seed);
        var corpus = seeds.ToList();
        var played = 0;
        foreach (var input in seeds.Concat(fixedInputs).Concat(Enumerable.Range(0, runs).Select(_ => mutator.Next(corpus))))
        {
            if (!Play(target, input))
            {
                return false;
            }
            played++;
        }
        Console.WriteLine($"{target.Name}: {seeds.Count} seeds, {played} inputs, {watch.Elapsed.TotalSeconds:0.0} s");
        return true;
    }

    /// <summary>Plays one input; false, with the input kept, if it is a fault.</summary>
    public bool Play(FuzzTarget target, byte[] input)
    {
        var (before, watch) = (GC.GetAllocatedBytesForCurrentThread(), Stopwatch.StartNew());
        string? fault = null;
        try
        {
            target.Play(input);
        }
        catch (Exception exception)
        {
            fault = exception.ToString();
        }
        fault ??= watch.Elapsed > MostTime ? $"it took {watch.Elapsed}" : null;
        var memory = GC.GetAllocatedBytesForCurrentThread() - before;
        fault ??= memory > MostMemory ? $"it allocated {memory} bytes" : null;
        if (fault is null)
        {
            return true;
        }
        Directory.CreateDirectory(faults);
        var file = Path.Combine(faults, $"{target.Name}-{Convert.ToHexStringLower(SHA256.HashData(input))[..16]}");
        File.WriteAllBytes(file, input);
        Console.Error.WriteLine($"{target.Name}: FAULT on {input.Length} bytes, kept in {file}\n{fault}");
        return false;
    }
}
