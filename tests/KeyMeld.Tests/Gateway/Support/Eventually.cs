namespace KeyMeld.Tests.Gateway.Support;

/// <summary>For what happens by itself a moment later. The limit is far beyond any real delay: it only ends a test that would otherwise hang.</summary>
internal static class Eventually
{
    public static Task TrueAsync(Func<bool> condition) => TrueAsync(() => Task.FromResult(condition()));

    public static async Task TrueAsync(Func<Task<bool>> condition)
    {
        for (var tries = 0; !await condition(); tries++)
        {
            Assert.True(tries < 18_000, "It did not happen within three minutes.");
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }
    }
}
