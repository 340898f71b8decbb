using KeyMeld.Protocol.Errors;

namespace KeyMeld.Tests.Client.Support;

/// <summary>Asserts a refusal by its code.</summary>
internal static class Refused
{
    public static KeyMeldException With(string code, Action action)
    {
        var error = Assert.Throws<KeyMeldException>(action);
        Assert.Equal(code, error.Code);
        return error;
    }

    public static KeyMeldException With(string code, Func<IDisposable> action) => With(code, () => action().Dispose());

    public static async Task<KeyMeldException> WithAsync(string code, Func<Task> action)
    {
        var error = await Assert.ThrowsAsync<KeyMeldException>(action);
        Assert.Equal((code, error.Message), (error.Code, error.Message));
        return error;
    }
}
