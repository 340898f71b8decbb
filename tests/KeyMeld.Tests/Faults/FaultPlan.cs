using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace KeyMeld.Tests.Faults;

/// <summary>What happens to one call between gateway and enclave.</summary>
internal enum Fault
{
    None,

    /// <summary>The call never arrives.</summary>
    LostCall,

    /// <summary>The call is carried out, its answer never arrives.</summary>
    LostAnswer,

    /// <summary>The call arrives twice.</summary>
    Repeated,

    /// <summary>The enclave dies before it carries the call out.</summary>
    KilledBefore,

    /// <summary>The enclave dies after it carried the call out, before it answers.</summary>
    KilledAfter,
}

/// <summary>Draws the fault of every call from a seed, so that a schedule depends on the calls that are made and not on which thread makes them first.</summary>
internal sealed class FaultPlan(int seed)
{
    private readonly int[] _drawn = new int[Enum.GetValues<Fault>().Length];

    public int Count(Fault fault) => Volatile.Read(ref _drawn[(int)fault]);

    /// <param name="call">Whatever tells the call apart from all others.</param>
    public Fault Draw(string call)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{seed} {call}"));
        var fault = (BinaryPrimitives.ReadUInt16LittleEndian(hash) % 100) switch
        {
            < 6 => Fault.LostCall,
            < 12 => Fault.LostAnswer,
            < 20 => Fault.Repeated,
            < 21 => Fault.KilledBefore,
            < 22 => Fault.KilledAfter,
            _ => Fault.None,
        };
        Interlocked.Increment(ref _drawn[(int)fault]);
        return fault;
    }
}
