using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace KeyMeld.Tests.Gateway.Support;

/// <summary>A log that keeps what is written to it.</summary>
internal sealed class KeptLog<T> : ILogger<T>
{
    public ConcurrentQueue<(int Event, LogLevel Level, string Text)> Lines { get; } = [];

    public IEnumerable<int> Events => Lines.Select(line => line.Event);

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        Lines.Enqueue((eventId.Id, logLevel, formatter(state, exception)));
}
