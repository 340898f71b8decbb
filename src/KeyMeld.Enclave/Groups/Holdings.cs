namespace KeyMeld.Enclave.Groups;

/// <summary>Things that are let go of together, last first. Not thread-safe.</summary>
internal sealed class Holdings : IDisposable
{
    private readonly Stack<IDisposable> _held = [];

    public T Add<T>(T held)
        where T : IDisposable
    {
        _held.Push(held);
        return held;
    }

    public void Dispose()
    {
        while (_held.TryPop(out var held))
        {
            held.Dispose();
        }
    }
}
