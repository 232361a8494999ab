import mlflow

mlflow.openai.autolog()
