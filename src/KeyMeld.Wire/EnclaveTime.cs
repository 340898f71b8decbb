using System.Globalization;
using Grpc.Core;

namespace KeyMeld.Wire;

/// <summary>
/// How long an enclave worked on a call, in a trailer of its answer. Given in tenths of a millisecond, rounded up, which is coarser than what the host can see of it anyway.
/// That is all an enclave says for traces: it takes no trace id or baggage from a call and sends nothing to anybody.
/// </summary>
public static class EnclaveTime
{
    private const string Key = "keymeld-worked";
    private const long Unit = TimeSpan.TicksPerMillisecond / 10;

    /// <summary>What the enclave adds to an answer.</summary>
    public static Metadata.Entry Of(TimeSpan worked) => new(Key, Units(worked).ToString(CultureInfo.InvariantCulture));

    /// <summary>The same as a number of an exchange's answer.</summary>
    public static uint Units(TimeSpan worked) => (uint)((worked.Ticks + Unit - 1) / Unit);

    /// <summary>What the gateway reads from an exchange's answer.</summary>
    public static TimeSpan FromUnits(uint units) => TimeSpan.FromTicks(units * Unit);

    /// <summary>What the gateway reads from an answer's trailers; null where there is nothing of it, or nonsense.</summary>
    public static TimeSpan? Read(Metadata trailers) =>
        uint.TryParse(trailers.GetValue(Key), NumberStyles.None, CultureInfo.InvariantCulture, out var units) ? FromUnits(units) : null;
}
