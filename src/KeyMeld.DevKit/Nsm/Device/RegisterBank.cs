using KeyMeld.Attestation;

namespace KeyMeld.DevKit.Nsm.Device;

/// <summary>The 32 registers of one boot: 0 to 15 are set and locked before it, 16 to 31 belong to the enclave.</summary>
internal sealed class RegisterBank
{
    public const int Count = 32;
    private const int FirstFree = 16;

    private readonly byte[][] _values = [.. Enumerable.Range(0, Count).Select(_ => PcrMath.Zero)];
    private readonly bool[] _locked = [.. Enumerable.Range(0, Count).Select(index => index < FirstFree)];

    public RegisterBank(Measurement measurement, string instanceId)
    {
        _values[0] = Convert.FromHexString(measurement.Pcr0);
        _values[1] = Convert.FromHexString(measurement.Pcr1);
        _values[2] = Convert.FromHexString(measurement.Pcr2);
        // PCR3 (the instance's role) stays zero, as on an instance without one; PCR8 too, as of an unsigned image.
        _values[4] = PcrMath.OfText(instanceId);
    }

    public IReadOnlyList<int> Locked => [.. Enumerable.Range(0, Count).Where(IsLocked)];

    public bool IsLocked(int index) => _locked[index];

    public byte[] this[int index] => _values[index];

    public void Extend(int index, byte[] data) => _values[index] = PcrMath.Extend(_values[index], data);

    public void Lock(int index) => _locked[index] = true;

    public void LockFirst(int range) => Array.Fill(_locked, true, 0, range);
}
