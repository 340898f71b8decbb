using System.Runtime.ExceptionServices;

namespace KeyMeld.Protocol.Rounds;

/// <summary>
/// Runs the independent items of a batch on all cores. Small batches run where they are. Large ones take turns: two at once would not be faster, and each
/// would keep the other, and the small ones between them, waiting.
/// </summary>
public sealed class BatchRunner : IDisposable
{
    private const int Inline = 16;
    private const int Chunk = 16;

    private readonly SemaphoreSlim _turn = new(1, 1);

    /// <summary>Calls <paramref name="body"/> once for every index below <paramref name="count"/>, in no order.</summary>
    /// <exception cref="OperationCanceledException">Cancelled; some indexes may not have been called.</exception>
    public async Task ForEachAsync(int count, Action<int> body, CancellationToken cancellation)
    {
        if (count <= Inline)
        {
            for (var index = 0; index < count; index++)
            {
                cancellation.ThrowIfCancellationRequested();
                body(index);
            }
            return;
        }
        await _turn.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            InParallel(count, body, cancellation);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Releases the turn.</summary>
    public void Dispose() => _turn.Dispose();

    /// <summary>As <see cref="ForEachAsync"/>, at once and without taking turns: for whoever has the machine to itself.</summary>
    internal static void ForEach(int count, Action<int> body)
    {
        if (count > Inline)
        {
            InParallel(count, body, CancellationToken.None);
            return;
        }
        for (var index = 0; index < count; index++)
        {
            body(index);
        }
    }

    /// <summary>The same without turns, for work that has to be done now.</summary>
    internal static void InParallel(int count, Action<int> body, CancellationToken cancellation)
    {
        var chunks = ((count - 1) / Chunk) + 1;
        try
        {
            Parallel.For(0, chunks, new ParallelOptions { CancellationToken = cancellation, MaxDegreeOfParallelism = Environment.ProcessorCount }, chunk =>
            {
                var end = Math.Min(count, (chunk + 1) * Chunk);
                for (var index = chunk * Chunk; index < end; index++)
                {
                    body(index);
                }
            });
        }
        catch (AggregateException exception)
        {
            // Callers know the refusal an item ended in, not how the work was spread.
            ExceptionDispatchInfo.Throw(exception.InnerExceptions[0]);
        }
    }
}
