// nanosleep(2): the timers of .NET tick in milliseconds, which is a good part of what is measured here.
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace KeyMeld.Cli.Load;

/// <summary>Sleeps to within some tens of microseconds, on a thread of the caller's own.</summary>
internal static class PreciseSleep
{
    private static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(100);

    public static void Until(Stopwatch watch, TimeSpan due, CancellationToken cancellationToken)
    {
        for (var left = due - watch.Elapsed; left > TimeSpan.Zero; left = due - watch.Elapsed)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var step = left < Longest ? left : Longest;
            // Interrupted or not, the loop looks again.
            _ = nanosleep(new Duration(step.Ticks / TimeSpan.TicksPerSecond, step.Ticks % TimeSpan.TicksPerSecond * 100), 0);
        }
    }

#pragma warning disable SYSLIB1054, CA5392 // a blittable signature needs no generated marshalling
    [DllImport("libc")]
    private static extern int nanosleep(in Duration duration, nint remaining);
#pragma warning restore SYSLIB1054, CA5392

    [StructLayout(LayoutKind.Sequential)]
    private readonly struct Duration(long seconds, long nanoseconds)
    {
        public readonly long Seconds = seconds;
        public readonly long Nanoseconds = nanoseconds;
    }
}
